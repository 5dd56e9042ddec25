// The same with oauth4webapi, the lower half of openid-client: every response is validated step by step.
// Lines in and out as in relying_party.mjs; always PAR, private_key_jwt and DPoP (FAPI 2.0).

import { createInterface } from 'node:readline'
import * as oauth from 'oauth4webapi'
import { importJWK } from 'jose'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => JSON.parse((await lines.next()).value)
const write = (value) => process.stdout.write(JSON.stringify(value) + '\n')

const asked = await read()
const issuer = new URL(asked.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))
const client = { client_id: asked.client_id, ...(asked.client_metadata ?? {}) }
const authentication = oauth.PrivateKeyJwt({ key: await importJWK(asked.jwk, asked.alg), kid: asked.kid })
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()
const parameters = new URLSearchParams({
  client_id: client.client_id,
  response_type: 'code',
  redirect_uri: asked.redirect_uri,
  scope: asked.scope ?? 'openid',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
})
const pushed = await oauth.processPushedAuthorizationResponse(
  as, client, await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, { DPoP }),
)
const url = new URL(as.authorization_endpoint)
url.searchParams.set('client_id', client.client_id)
url.searchParams.set('request_uri', pushed.request_uri)
write({ authorization_url: url.href, request_uri_expires_in: pushed.expires_in })

const back = await read()
const validated = oauth.validateAuthResponse(as, client, new URL(back.callback), state)
const answer = await oauth.authorizationCodeGrantRequest(
  as, client, authentication, validated, asked.redirect_uri, verifier, { DPoP },
)
const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, {
  expectedNonce: nonce, requireIdToken: true,
})
await oauth.validateApplicationLevelSignature(as, answer)
const claims = oauth.getValidatedIdTokenClaims(tokens)
const userinfo = await oauth.processUserInfoResponse(
  as, client, claims.sub, await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP }),
)
const got = { claims, userinfo, token_type: tokens.token_type }
if (tokens.refresh_token) {
  const refreshed = await oauth.processRefreshTokenResponse(
    as, client, await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, { DPoP }),
  )
  got.refreshed = { access_token_changed: refreshed.access_token !== tokens.access_token }
}
write(got)
process.exit(0)
