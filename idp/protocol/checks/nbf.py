"""FAPI 2.0 §5.3.2.1-14: nbf, when it is there, at most 10 seconds in the future."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import CLOCK_LEEWAY, Attempt, numeric_date


def check_nbf(attempt: Attempt) -> None:
    if "nbf" in attempt.claims and numeric_date(attempt, "nbf") > attempt.now + CLOCK_LEEWAY:
        raise InvalidClient("The assertion is not valid yet. Check the clock.", detail="nbf")
