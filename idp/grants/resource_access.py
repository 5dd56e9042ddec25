"""Our own protected resources (admin API, SCIM): is this access token good here, and for this?"""

from collections.abc import Callable
from dataclasses import dataclass

from idp.errors import InsufficientScope, InvalidToken
from idp.grants.issued_token import find_issued_token
from idp.protocol.client import Client
from idp.store.revocations import Revocations
from idp.token_keys import TokenKeys


@dataclass(frozen=True, slots=True)
class ResourceAccess:
    """One for each app."""

    issuer: str
    token_keys: TokenKeys
    revocations: Revocations
    find_client: Callable[[str], Client | None]

    def check(self, compact: str, *, audience: str, scope: str, now: int) -> Client:
        """The client whose token this is.

        1. made by us, not expired; 2. for this resource (RFC 8707); 3. not bound to a key, since no proof is
        taken here; 4. not revoked, its client still active; 5. its scope, and the client's own today.
        Raises InvalidToken, InsufficientScope, KeysUnavailable, StoreUnavailable.
        """
        token = find_issued_token(compact, self.token_keys, self.issuer, now) if compact else None
        if token is None or token.is_expired():
            raise InvalidToken(detail="token")
        if token.audience != audience:
            raise InvalidToken(
                f"The token is for another resource: ask for resource={audience}.", detail="aud"
            )
        if "cnf" in token.claims:
            raise InvalidToken("A token that is bound to a key is not taken here yet.", detail="cnf")
        client = self.find_client(token.client_id)
        if client is None or not client.active or self.revocations.is_revoked(token.jti):
            raise InvalidToken(detail="revoked")
        if scope not in str(token.claims.get("scope", "")).split() or scope not in client.scopes:
            raise InsufficientScope(scope=scope)
        return client
