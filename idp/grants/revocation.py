"""RFC 7009: a client gives back a token of its own. Durable when answered.

A refresh token takes its family with it, and every access token that came of it (§2.1).
"""

from dataclasses import dataclass

from authlib.oauth2.rfc7009 import RevocationEndpoint as AuthlibEndpoint

from idp.errors import InvalidRequest
from idp.evidence.event import Event, Evidence
from idp.grants.form_request import FormRequest
from idp.grants.issued_token import IssuedToken, find_issued_token
from idp.protocol.client import Client
from idp.store.refresh_families import Family, RefreshFamilies
from idp.store.revocations import Revocations
from idp.token_keys import TokenKeys

MAX_REFRESH_TOKEN = 128


@dataclass(frozen=True, slots=True)
class _RefreshToken:
    """What Authlib asks a token about."""

    family: Family

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.family.client_id


class RevocationEndpoint(AuthlibEndpoint):  # type: ignore[misc]  # Authlib has no types
    def __init__(
        self,
        issuer: str,
        token_keys: TokenKeys,
        revocations: Revocations,
        families: RefreshFamilies,
        evidence: Evidence,
        access_token_seconds: int,
    ) -> None:
        super().__init__()
        self._issuer = issuer
        self._token_keys = token_keys
        self._revocations = revocations
        self._families = families
        self._evidence = evidence
        self._access_token_seconds = access_token_seconds

    def check_params(self, request: FormRequest, _client: Client) -> None:
        # RFC 7009 §2.1: an unknown token_type_hint is ignored; Authlib refuses it.
        if "token" not in request.form:
            raise InvalidRequest("The parameter token is missing.", detail="token")

    def query_token(self, compact: str, _token_type_hint: str | None) -> IssuedToken | _RefreshToken | None:
        # Authlib passes no request here; expiry does not matter for revoking, so no clock is needed.
        # The token itself tells Authlib whether it is this client's; another's is refused (§2.1).
        if "." not in compact:
            family = self._families.find(compact, 0) if len(compact) <= MAX_REFRESH_TOKEN else None
            return _RefreshToken(family) if family else None
        return find_issued_token(compact, self._token_keys, self._issuer, now=0)

    def revoke_token(self, token: IssuedToken | _RefreshToken, request: FormRequest) -> None:
        now = request.moment
        if isinstance(token, _RefreshToken):
            family = token.family
            until = now + self._access_token_seconds + 60
            self._revocations.revoke(family.family_id, family.client_id, expires_at=until, now=now)
            if self._families.revoke(family.family_id, "given_back", now):
                self._record("refresh_token", family.family_id, family.client_id, now)
        elif token.expires_at > now:
            self._revocations.revoke(token.jti, token.client_id, expires_at=token.expires_at, now=now)
            self._record("access_token", token.jti, token.client_id, now)

    def revoke_shown(self, compact: str, now: int) -> bool:
        """End an access token that its holder shows; whether it is one of ours that lives."""
        token = find_issued_token(compact, self._token_keys, self._issuer, now=now)
        # A token that is bound to a key is its client's to end: having seen it proves nothing.
        if token is None or token.is_expired() or "cnf" in token.claims:
            return False
        self._revocations.revoke(token.jti, token.client_id, expires_at=token.expires_at, now=now)
        self._record("access_token", token.jti, token.client_id, now)
        return True

    def _record(self, token_type: str, jti: str, client_id: str, now: int) -> None:
        details = {"token_type": token_type, "reason": "given_back", "jti": jti}
        self._evidence.record(Event("token.revoked", now, client_id=client_id, details=details))
