"""RFC 8707 §2.1: for which services tokens may be asked later."""

from idp.errors import InvalidTarget
from idp.protocol.authorize.asked import Asked
from idp.protocol.csc_credential import CSC_SCOPES

MAX_RESOURCES = 10


def read_resources(asked: Asked, scope: str) -> tuple[str, ...]:
    """Each once; compared octet by octet with what was registered. Raises InvalidTarget.

    The CSC API knows no ``resource``: who asks for its scopes means the one service it is registered for.
    """
    resources = tuple(dict.fromkeys(asked.parameters.resources))
    if not resources and CSC_SCOPES & set(scope.split()) and len(asked.client.resources) == 1:
        return asked.client.resources
    if len(resources) > MAX_RESOURCES:
        raise InvalidTarget(f"Ask for {MAX_RESOURCES} resources at most.", detail="too many")
    if not set(resources) <= set(asked.client.resources):
        raise InvalidTarget("This client is not registered for that resource.", detail="not registered")
    return resources
