"""RFC 7009: a client gives back a token of its own. Durable when answered."""

from authlib.oauth2.rfc7009 import RevocationEndpoint as AuthlibEndpoint

from idp.errors import InvalidRequest
from idp.grants.form_request import FormRequest
from idp.grants.issued_token import IssuedToken, find_issued_token
from idp.protocol.client import Client
from idp.store.revocations import Revocations
from idp.token_keys import TokenKeys


class RevocationEndpoint(AuthlibEndpoint):  # type: ignore[misc]  # Authlib has no types
    def __init__(self, issuer: str, token_keys: TokenKeys, revocations: Revocations) -> None:
        super().__init__()
        self._issuer = issuer
        self._token_keys = token_keys
        self._revocations = revocations

    def check_params(self, request: FormRequest, _client: Client) -> None:
        # RFC 7009 §2.1: an unknown token_type_hint is ignored; Authlib refuses it.
        if "token" not in request.form:
            raise InvalidRequest("The parameter token is missing.", detail="token")

    def query_token(self, compact: str, _token_type_hint: str | None) -> IssuedToken | None:
        # Authlib passes no request here; expiry does not matter for revoking, so no clock is needed.
        # The token itself tells Authlib whether it is this client's; another's is refused (§2.1).
        return find_issued_token(compact, self._token_keys, self._issuer, now=0)

    def revoke_token(self, token: IssuedToken, request: FormRequest) -> None:
        if token.expires_at > request.moment:
            self._revocations.revoke(
                token.jti, token.client_id, expires_at=token.expires_at, now=request.moment
            )
