// npm oidc-provider, the certified reference, with the clients that it is given: for the differential test, which
// asks both providers the same malformed things, and for the bench.
//
// node reference_provider.mjs PORT < settings.json ; settings: { clients: [...], redis?: url }
// Prints one line when it listens. Logs in whoever asks as the account "nguyen-van-mau" (no password page).

import Provider, { interactionPolicy } from 'oidc-provider'
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { generateKeyPair, exportJWK } from 'jose'
import { RedisAdapter, connect } from './redis_adapter.mjs'

const port = Number(process.argv[2])
const settings = JSON.parse(readFileSync(0, 'utf8'))
const issuer = `http://127.0.0.1:${port}`
const jwk = async (alg) => ({
  ...(await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey)), alg, use: 'sig', kid: alg,
})

if (settings.redis) connect(settings.redis)

const provider = new Provider(issuer, {
  ...(settings.redis ? { adapter: RedisAdapter } : {}),
  clients: settings.clients,
  jwks: { keys: [await jwk('ES256'), await jwk('RS256')] },
  cookies: { keys: ['mot-khoa-chi-de-thu'] },
  claims: { openid: ['sub'], profile: ['name'] },
  scopes: ['openid', 'offline_access', 'profile', 'sign'],
  features: {
    devInteractions: { enabled: false },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => ({ scope: 'sign', accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'ES256' } } }),
      useGrantedResource: () => true,
    },
    userinfo: { enabled: true },
    claimsParameter: { enabled: true },
    requestObjects: { enabled: true },
    richAuthorizationRequests: { enabled: false },
  },
  pkce: { required: () => true },
  rotateRefreshToken: false,
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, name: 'Nguyễn Văn MẪU' }) }),
  interactions: { policy: interactionPolicy.base(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
})
provider.on('server_error', (_ctx, error) => process.stderr.write(`${error.stack}\n`))

const answer = provider.callback()
createServer(async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response)
  // Whoever is asked to log in or to consent does both at once.
  const details = await provider.interactionDetails(request, response)
  const grant = new provider.Grant({ accountId: 'nguyen-van-mau', clientId: details.params.client_id })
  grant.addOIDCScope(details.params.scope ?? 'openid')
  if (details.params.resource) grant.addResourceScope(details.params.resource, 'sign')
  const result = { login: { accountId: 'nguyen-van-mau' }, consent: { grantId: await grant.save() } }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
}).listen(port, '127.0.0.1', () => process.stdout.write('listening\n'))
