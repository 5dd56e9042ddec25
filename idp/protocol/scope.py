"""RFC 6749 §3.3: which scope a token gets."""

import re

from idp.errors import InvalidScope
from idp.protocol.client import Client

# RFC 6749 appendix A.4
SCOPE_SYNTAX = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*", re.ASCII)


def granted_scope(client: Client, asked: str | None) -> str:
    """The asked scopes in the client's order; all of its scopes when none is asked for.

    Raises InvalidScope when one was not registered for this client.
    """
    if asked is None:
        return " ".join(client.scopes)
    if not SCOPE_SYNTAX.fullmatch(asked):
        raise InvalidScope("scope is malformed: names separated by one space.", detail="syntax")
    wanted = set(asked.split(" "))
    if not wanted <= set(client.scopes):
        raise InvalidScope("This client is not registered for that scope.", detail="not registered")
    return " ".join(scope for scope in client.scopes if scope in wanted)
