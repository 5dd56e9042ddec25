"""What the evidence says of tokens: never a token, a code or a secret."""

import re
from collections.abc import Iterable

from idp.evidence.event import Event
from idp.protocol.assurance import Authentication
from idp.protocol.confirmation import Confirmation

# What idp/evidence/catalogue.py calls a word.
_WORD = re.compile(r"[A-Za-z0-9_.:/+-]{1,100}", re.ASCII)


def issued_event(
    grant_type: str,
    *,
    client_id: str,
    jti: str,
    scope: str,
    resource: str,
    confirmation: Confirmation,
    now: int,
    authentication: Authentication | None = None,
) -> Event:
    """``authentication``: of the person, when the token speaks for one."""
    return Event(
        "token.issued",
        now,
        person_id=authentication.person_id if authentication else "",
        client_id=client_id,
        session_id=authentication.session_id if authentication else "",
        details={
            "grant_type": grant_type,
            "scopes": _words(scope.split()),
            "resources": _words([resource]),
            "token_binding": confirmation.kind,
            "jti": jti,
        },
    )


def _words(values: Iterable[str]) -> list[str]:
    return [value for value in values if _WORD.fullmatch(value)][:32]
