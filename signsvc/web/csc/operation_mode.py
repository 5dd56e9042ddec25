"""operationMode, validity_period, response_uri (v2.0.0.2 §11.10)."""

from dataclasses import dataclass

from signsvc.usecases.csc_refusal import CscRefused, invalid
from signsvc.web.csc.parameters import Given

DEFAULT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Mode:
    """``later``: the answer is fetched by signPolling, within ``seconds``."""

    later: bool
    seconds: int


def read_mode(asked: Given, longest: int) -> Mode:
    """``longest``: seconds that an answer is kept at most. Raises CscRefused."""
    named = asked.find("operationMode")
    if named not in (None, "S", "A"):
        raise invalid("operationMode")
    # Nobody is called back: a service that calls addresses it is given is a way into the inner network.
    if asked.find("response_uri") is not None:
        raise invalid("response_uri")
    period = asked.find("validity_period")
    if period is None:
        return Mode(named == "A", DEFAULT_SECONDS)
    if isinstance(period, bool) or not isinstance(period, int):
        raise invalid("validity_period")
    if not 0 < period <= longest * 1000:
        raise CscRefused("Out of bounds parameter validity_period")
    return Mode(named == "A", -(-period // 1000))
