"""RFC 10070: an assertion says what it is. Certified clients of before say nothing, and may.

What is typed as something else (a DPoP proof, a logout token, an access token) is never taken for an
assertion; without a type the rules for iss, sub, aud and jti tell the two apart.
"""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt

ASSERTION_TYP = "client-authentication+jwt"
_UNTYPED = (None, "JWT")


def check_typ(attempt: Attempt) -> None:
    typ = attempt.header.get("typ")
    if typ != ASSERTION_TYP and typ not in _UNTYPED:
        raise InvalidClient(f"The header typ of the assertion must be {ASSERTION_TYP}.", detail="typ")
