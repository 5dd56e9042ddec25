"""Our own resources for systems (admin API, SCIM): is this access token good here, and for this?"""

from dataclasses import dataclass
from datetime import datetime

from idp.errors import InsufficientScope, InvalidToken
from idp.grants.shown_token import Shown, ShownTokens
from idp.protocol.client import Client


@dataclass(frozen=True, slots=True)
class ResourceAccess:
    """``audience``: the resource, as clients ask for it (RFC 8707). One for each resource."""

    tokens: ShownTokens
    audience: str

    def check(self, shown: Shown, *, scope: str, moment: datetime) -> Client:
        """The client that speaks for itself. Its scope must be its own today, not only when it got the token.

        Raises InvalidToken, InvalidDpopProof, InsufficientScope, KeysUnavailable, StoreUnavailable.
        """
        token, client = self.tokens.check(shown, scope, moment, audience=self.audience)
        if token.claims.get("sub") != client.client_id:
            raise InvalidToken(
                "This resource is for systems, not for people.", detail="sub", scheme=shown.scheme
            )
        if scope not in client.scopes:
            raise InsufficientScope(scope=scope)
        return client
