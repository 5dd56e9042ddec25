"""RFC 7662: a resource server asks whether a token is active for it. What cannot be known is no yes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc7662 import IntrospectionEndpoint as AuthlibEndpoint

from idp.errors import InvalidRequest
from idp.grants.form_request import FormRequest
from idp.grants.issued_token import IssuedToken, find_issued_token
from idp.protocol.access_token import introspection_of
from idp.protocol.client import Client
from idp.store.refresh_families import RefreshFamilies
from idp.store.token_life import TokenLife
from idp.token_keys import TokenKeys

MAX_REFRESH_TOKEN = 128


@dataclass(frozen=True, slots=True)
class _Judged:
    """What Authlib asks a token about."""

    token: IssuedToken
    dead: bool

    def is_expired(self) -> bool:
        return self.token.is_expired()

    def is_revoked(self) -> bool:
        return self.dead


class IntrospectionEndpoint(AuthlibEndpoint):  # type: ignore[misc]  # Authlib has no types
    def __init__(
        self,
        issuer: str,
        token_keys: TokenKeys,
        token_life: TokenLife,
        find_client: Callable[[str], Client | None],
        families: RefreshFamilies,
    ) -> None:
        super().__init__()
        self._issuer = issuer
        self._token_keys = token_keys
        self._token_life = token_life
        self._find_client = find_client
        self._families = families

    def judge_refresh_token(self, request: FormRequest, client: Client) -> dict[str, Any] | None:
        """A client asks about a refresh token of its own; None when the token is not of that kind."""
        compact = request.form.get("token", "")
        if "." in compact or not 0 < len(compact) <= MAX_REFRESH_TOKEN:
            return None
        family = self._families.find(compact, request.moment)
        if (
            family is None
            or family.client_id != client.client_id
            or self._families.is_over(family, request.moment)
            or family.was_replaced(request.moment)
        ):
            return {"active": False}
        return {
            "active": True,
            "client_id": family.client_id,
            "scope": family.authorization.scope,
            "exp": family.expires_at,
            "iss": self._issuer,
            **family.confirmation.claims(),
        }

    def create_endpoint_response(self, request: FormRequest) -> tuple[int, Any, list[tuple[str, str]]]:
        """Authlib's steps, and the refresh tokens that it does not know."""
        client = self.authenticate_endpoint_client(request)
        body = self.judge_refresh_token(request, client)
        if body is None:
            body = self.create_introspection_payload(self.authenticate_token(request, client))
        return 200, body, []

    def authenticate_token(self, request: FormRequest, client: Client) -> _Judged | None:
        """The token, if it is ours and this resource server's to ask about (RFC 7662 §2.2, §4)."""
        compact = request.form.get("token")
        if compact is None:
            raise InvalidRequest("The parameter token is missing.", detail="token")
        # token_type_hint only helps to search (§2.1); there is one kind of token, so it is not read.
        token = find_issued_token(compact, self._token_keys, self._issuer, request.moment)
        if token is None or token.is_expired() or token.audience not in client.introspects:
            return None
        holder = self._find_client(token.client_id)
        dead = holder is None or not holder.active
        dead = dead or self._token_life.why_ended(token.jti, token.claims.get("sid"), request.moment) != ""
        return _Judged(token, dead)

    def introspect_token(self, judged: _Judged) -> dict[str, Any]:
        return introspection_of(judged.token.claims)
