"""RFC 7523 §3: iss and sub are both the client_id."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt


def check_iss_sub(attempt: Attempt) -> None:
    subject = attempt.claims.get("sub")
    if not isinstance(subject, str) or not subject or attempt.claims.get("iss") != subject:
        raise InvalidClient("iss and sub of the assertion must both be the client_id.", detail="sub")
