"""RFC 7515 §4.1.11: what is marked critical and not understood is refused. Nothing is understood."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt


def check_crit(attempt: Attempt) -> None:
    if "crit" in attempt.header or "b64" in attempt.header:
        raise InvalidClient("No critical header parameter is understood here.", detail="crit")
