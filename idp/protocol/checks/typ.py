"""RFC 10070: the assertion says by its typ that it is for client authentication and nothing else."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt

ASSERTION_TYP = "client-authentication+jwt"


def check_typ(attempt: Attempt) -> None:
    if attempt.header.get("typ") != ASSERTION_TYP:
        raise InvalidClient(f"The header typ of the assertion must be {ASSERTION_TYP}.", detail="typ")
