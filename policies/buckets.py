"""Counting against quotas, in memory or in Redis, by the ``limits`` library.

When the counters are away a quota does what its ``when_away`` says: signing, PINs and passwords are
refused, reading goes on.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter

from policies.quota import Quota

RETRY_WHEN_AWAY = 5.0
# Seconds. Counters that answer later than this are away.
ANSWER_WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """May it happen? ``retry_after``: seconds to wait when not. ``away``: the counters did not answer."""

    allowed: bool
    retry_after: float = 0.0
    away: bool = False


class Buckets:
    """Counters for every quota of a bundle. Thread-safe; open it after a fork."""

    def __init__(self, quotas: Mapping[str, Quota], storage: Storage) -> None:
        self._quotas = quotas
        self._storage = storage
        self._items: dict[str, RateLimitItem] = {
            name: RateLimitItemPerSecond(quota.times, quota.window_seconds, namespace=f"quota:{name}")
            for name, quota in quotas.items()
        }
        self._exact = MovingWindowRateLimiter(storage)
        self._weighed = SlidingWindowCounterRateLimiter(storage)

    def by(self, quotas: Mapping[str, Quota]) -> "Buckets":
        """The same counters by these quotas. One that changed begins to count anew."""
        return self if quotas is self._quotas else Buckets(quotas, self._storage)

    def spend(self, quota: str, *subject: str, cost: int = 1) -> Allowance:
        """Count ``cost`` events of this subject, if the quota allows them; else none of them.

        Raises KeyError for a quota that the bundle does not name.
        """
        item = self._items[quota]
        limiter = self._limiter(quota)

        def hit() -> Allowance:
            if limiter.hit(item, *subject, cost=cost):
                return Allowance(allowed=True)
            return Allowance(allowed=False, retry_after=self._wait(limiter, item, subject))

        return self._ask(quota, hit)

    def check(self, quota: str, *subject: str) -> Allowance:
        """Whether one more event would be allowed, without counting it: for limits on failures."""
        item = self._items[quota]
        limiter = self._limiter(quota)

        def test() -> Allowance:
            if limiter.test(item, *subject):
                return Allowance(allowed=True)
            return Allowance(allowed=False, retry_after=self._wait(limiter, item, subject))

        return self._ask(quota, test)

    def forgive(self, quota: str, *subject: str) -> None:
        """Forget the subject's events: after the right PIN. In an outage they stay counted."""
        limiter = self._limiter(quota)

        def clear() -> Allowance:
            limiter.clear(self._items[quota], *subject)
            return Allowance(allowed=True)

        self._ask(quota, clear)

    def _limiter(self, quota: str) -> RateLimiter:
        return self._exact if self._quotas[quota].exact else self._weighed

    def _ask(self, quota: str, act: Callable[[], Allowance]) -> Allowance:
        try:
            return act()
        except StorageError:
            if self._quotas[quota].when_away == "open":
                return Allowance(allowed=True, away=True)
            return Allowance(allowed=False, retry_after=RETRY_WHEN_AWAY, away=True)

    @staticmethod
    def _wait(limiter: RateLimiter, item: RateLimitItem, subject: tuple[str, ...]) -> float:
        reset = limiter.get_window_stats(item, *subject).reset_time
        return min(max(reset - time.time(), 1.0), float(item.get_expiry()))


def open_buckets(quotas: Mapping[str, Quota], uri: str) -> Buckets:
    """Counters at ``memory://`` (one process), ``redis://…`` or ``unix://…`` (all of them)."""
    if uri.startswith("unix:"):
        uri = f"redis+{uri}"  # as limits spells what redis-py calls unix://
    patience = {"socket_timeout": ANSWER_WITHIN, "socket_connect_timeout": ANSWER_WITHIN}
    options = {} if uri.startswith("memory:") else patience
    storage = storage_from_string(uri, wrap_exceptions=True, **options)
    if not isinstance(storage, Storage):
        raise TypeError(f"{uri.split(':', 1)[0]} is an asynchronous storage")
    return Buckets(quotas, storage)
