"""RFC 7523 §3: each assertion has its own jti. That it is used once is the store's to see."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt

MAX_JTI = 256


def check_jti(attempt: Attempt) -> None:
    jti = attempt.claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        raise InvalidClient(f"The assertion needs a jti of 1 to {MAX_JTI} characters.", detail="jti")
