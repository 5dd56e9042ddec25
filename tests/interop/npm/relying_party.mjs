// A relying party made with openid-client (certified by the OpenID Foundation), driven line by line.
//
// In:  one JSON line with the settings, then one with the address the browser came back to.
// Out: one JSON line with the address to open, then one with all that was got.
// Settings: issuer, client_id, jwk (private), kid, alg, redirect_uri, post_logout_redirect_uri, scope,
//           par, dpop, jarm, signed_request, auth ("private_key_jwt" | "client_secret_basic" | "none"), secret

import { createInterface } from 'node:readline'
import * as client from 'openid-client'
import { importJWK } from 'jose'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => JSON.parse((await lines.next()).value)
const write = (value) => process.stdout.write(JSON.stringify(value) + '\n')

const asked = await read()
const key = asked.jwk ? { key: await importJWK(asked.jwk, asked.alg), kid: asked.kid } : undefined
const authentication = {
  private_key_jwt: () => client.PrivateKeyJwt(key),
  client_secret_basic: () => client.ClientSecretBasic(asked.secret),
  none: () => client.None(),
}[asked.auth ?? 'private_key_jwt']()

const metadata = { use_mtls_endpoint_aliases: false, ...(asked.client_metadata ?? {}) }
const config = await client.discovery(new URL(asked.issuer), asked.client_id, metadata, authentication)
if (asked.jarm) client.useJwtResponseMode(config)

const DPoP = asked.dpop
  ? client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  : undefined
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
let parameters = new URLSearchParams({
  redirect_uri: asked.redirect_uri,
  scope: asked.scope ?? 'openid',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
  ...(asked.parameters ?? {}),
})
if (asked.signed_request) {
  const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, key)
  parameters = signed.searchParams
}
const url = asked.par
  ? await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
  : client.buildAuthorizationUrl(config, parameters)
write({ authorization_url: url.href })

const back = await read()
const expected = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
const tokens = await client.authorizationCodeGrant(config, new URL(back.callback), expected, undefined, { DPoP })
const claims = tokens.claims()
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP })
const got = { claims, userinfo, token_type: tokens.token_type, scope: tokens.scope, expires_in: tokens.expires_in }
let latest = tokens
if (tokens.refresh_token) {
  latest = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
  got.refreshed = { claims: latest.claims(), rotated: Boolean(latest.refresh_token && latest.refresh_token !== tokens.refresh_token) }
}
if (asked.introspect) got.introspection = await client.tokenIntrospection(config, latest.access_token)
if (asked.revoke) {
  await client.tokenRevocation(config, latest.refresh_token ?? tokens.refresh_token)
  try {
    await client.refreshTokenGrant(config, latest.refresh_token ?? tokens.refresh_token, undefined, { DPoP })
    got.revoked = false
  } catch (error) {
    got.revoked = error.error
  }
}
got.end_session_url = client.buildEndSessionUrl(config, {
  id_token_hint: tokens.id_token,
  post_logout_redirect_uri: asked.post_logout_redirect_uri,
  state: 'sau-khi-dang-xuat',
}).href
write(got)
process.exit(0)
