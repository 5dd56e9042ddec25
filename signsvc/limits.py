"""Quotas at the door: how often may a client, a credential or an address do this?"""

from collections.abc import Callable, Mapping

from policies.buckets import Allowance, Buckets
from policies.quota import Quota
from signsvc.errors import CountersUnavailable, QuotaExceeded


class Limits:
    """``buckets`` is asked when first needed. Without counters signing is refused, reading goes on."""

    def __init__(self, quotas: Mapping[str, Quota], buckets: Callable[[], Buckets]) -> None:
        self._quotas = quotas
        self._buckets = buckets

    def spend(self, quota: str, *subject: str, cost: int = 1) -> None:
        """Raises QuotaExceeded, CountersUnavailable."""
        self._judge(quota, self._buckets().spend(quota, *subject, cost=cost))

    def forgive(self, quota: str, *subject: str) -> None:
        """Forget the subject's events."""
        self._buckets().forgive(quota, *subject)

    def available(self) -> bool:
        """Whether the counters answer."""
        return not self._buckets().check("sign-per-client", "-readiness-").away

    def _judge(self, quota: str, allowance: Allowance) -> None:
        if allowance.allowed:
            return
        if allowance.away:
            raise CountersUnavailable
        named = self._quotas[quota]
        raise QuotaExceeded(named.title, named.title_en, retry_after=allowance.retry_after)
