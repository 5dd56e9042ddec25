"""RFC 8707 §2.1: for which services tokens may be asked later."""

from idp.errors import InvalidTarget
from idp.protocol.authorize.asked import Asked

MAX_RESOURCES = 10


def read_resources(asked: Asked) -> tuple[str, ...]:
    """Each once; compared octet by octet with what was registered. Raises InvalidTarget."""
    resources = tuple(dict.fromkeys(asked.parameters.resources))
    if len(resources) > MAX_RESOURCES:
        raise InvalidTarget(f"Ask for {MAX_RESOURCES} resources at most.", detail="too many")
    if not set(resources) <= set(asked.client.resources):
        raise InvalidTarget("This client is not registered for that resource.", detail="not registered")
    return resources
