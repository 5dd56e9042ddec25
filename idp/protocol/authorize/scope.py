"""RFC 6749 §3.3, OpenID Connect Core §3.1.2.1: what is asked for, as far as it is the client's to ask."""

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_SCOPE, AuthorizationRefused
from idp.protocol.scope import SCOPE_SYNTAX

REFRESH_TOKEN, OFFLINE_ACCESS = "refresh_token", "offline_access"


def read_scope(asked: Asked) -> str:
    """In the order asked, each once. What the client is not registered for is left out, as Core asks for.

    The token response names the scope that was granted, so a client sees what was left out.
    """
    scope = asked.get("scope")
    if not scope:
        raise AuthorizationRefused(INVALID_SCOPE, "The parameter scope is missing: use openid, and more.")
    if not SCOPE_SYNTAX.fullmatch(scope):
        raise AuthorizationRefused(INVALID_SCOPE, "scope is malformed: names separated by one space.")
    registered = set(asked.client.scopes)
    if REFRESH_TOKEN not in asked.client.metadata.grant_types:
        # Core §11: nobody is asked to allow what the client cannot use.
        registered.discard(OFFLINE_ACCESS)
    granted = [name for name in dict.fromkeys(scope.split(" ")) if name in registered]
    if not granted:
        raise AuthorizationRefused(INVALID_SCOPE, "This client is registered for none of these scopes.")
    return " ".join(granted)
