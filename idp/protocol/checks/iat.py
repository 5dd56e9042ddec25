"""iat, when it is there: not in the future, and no more than five minutes before exp."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import CLOCK_LEEWAY, MAX_LIFETIME, Attempt, numeric_date


def check_iat(attempt: Attempt) -> None:
    if "iat" not in attempt.claims:
        return
    iat = numeric_date(attempt, "iat")
    if iat > attempt.now + CLOCK_LEEWAY:
        raise InvalidClient("The assertion is from the future. Check the clock.", detail="iat")
    if numeric_date(attempt, "exp") - iat > MAX_LIFETIME + CLOCK_LEEWAY:
        raise InvalidClient("The assertion may live for five minutes at most.", detail="iat to exp")
