"""One attempt of a client to prove who it is: all that the rules look at."""

from dataclasses import dataclass
from typing import Any

from idp.errors import InvalidClient
from idp.protocol.client import Client
from idp.protocol.compact_jws import UnverifiedJws

# FAPI 2.0 §5.3.2.1-14: up to 10 s in the future is accepted, more than 60 s refused.
CLOCK_LEEWAY = 10
MAX_LIFETIME = 300


@dataclass(frozen=True, slots=True)
class Attempt:
    """``client``: whom the unverified ``sub`` names, if there is one. ``now``: Unix seconds."""

    assertion: UnverifiedJws
    posted_client_id: str | None
    client: Client | None
    issuer: str
    now: float

    @property
    def header(self) -> dict[str, Any]:
        return self.assertion.header

    @property
    def claims(self) -> dict[str, Any]:
        return self.assertion.claims


def numeric_date(attempt: Attempt, name: str) -> float:
    """A NumericDate claim (RFC 7519 §2). Raises InvalidClient when it is anything else."""
    value = attempt.claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
        raise InvalidClient(f"The assertion needs {name} as a number of seconds.", detail=name)
    return value
