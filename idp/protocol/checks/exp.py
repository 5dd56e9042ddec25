"""RFC 7523 §3: exp is there and not past; at most five minutes ahead, which bounds what Redis keeps."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import CLOCK_LEEWAY, MAX_LIFETIME, Attempt, numeric_date


def check_exp(attempt: Attempt) -> None:
    exp = numeric_date(attempt, "exp")
    if exp + CLOCK_LEEWAY <= attempt.now:
        raise InvalidClient("The assertion has expired. Check the clock.", detail="exp past")
    if exp > attempt.now + MAX_LIFETIME + CLOCK_LEEWAY:
        raise InvalidClient("The assertion may live for five minutes at most.", detail="exp far")
