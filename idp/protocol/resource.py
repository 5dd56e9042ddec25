"""RFC 8707: for which resource a token is. One token, one audience (OWASP ASVS 9.2.4)."""

from collections.abc import Sequence

from idp.errors import InvalidTarget
from idp.protocol.client import Client


def granted_resource(client: Client, asked: Sequence[str]) -> str:
    """The token's ``aud``: the asked resource, or the client's only one when none is asked for.

    Compared octet by octet with what was registered. Raises InvalidTarget.
    """
    if len(asked) > 1:
        raise InvalidTarget("Ask for one resource at a time: one token has one audience.", detail="several")
    if asked:
        if asked[0] not in client.resources:
            raise InvalidTarget("This client is not registered for that resource.", detail="not registered")
        return asked[0]
    if len(client.resources) != 1:
        raise InvalidTarget("Say by resource which service the token is for.", detail="missing")
    return client.resources[0]
