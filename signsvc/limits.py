"""Quotas at the door: how often may a client, a credential or an address do this?"""

from collections.abc import Callable, Mapping

from policies.buckets import Buckets
from policies.quota import Quota
from signsvc.errors import CountersUnavailable, QuotaExceeded


class Limits:
    """By the quotas of now. Without counters signing is refused, reading goes on.

    ``buckets`` is opened when first needed, and counts by other quotas as soon as there are others.
    """

    def __init__(self, quotas: Callable[[], Mapping[str, Quota]], buckets: Callable[[], Buckets]) -> None:
        self._quotas = quotas
        self._open = buckets
        self._kept: Buckets | None = None

    def spend(self, quota: str, *subject: str, cost: int = 1) -> None:
        """Raises QuotaExceeded, CountersUnavailable."""
        quotas = self._quotas()
        allowance = self._counting(quotas).spend(quota, *subject, cost=cost)
        if allowance.allowed:
            return
        if allowance.away:
            raise CountersUnavailable
        named = quotas[quota]
        raise QuotaExceeded(named.title, named.title_en, retry_after=allowance.retry_after)

    def forgive(self, quota: str, *subject: str) -> None:
        """Forget the subject's events."""
        self._counting(self._quotas()).forgive(quota, *subject)

    def available(self) -> bool:
        """Whether the counters answer."""
        return not self._counting(self._quotas()).check("sign-per-client", "-readiness-").away

    def _counting(self, quotas: Mapping[str, Quota]) -> Buckets:
        self._kept = (self._kept or self._open()).by(quotas)
        return self._kept
