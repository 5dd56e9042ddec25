"""Which clients are under self-test, known in this process without asking Redis for each request."""

import threading
from collections.abc import Callable, Mapping

from idp.store.self_tests import SelfTests, Sighting

READ_SECONDS = 2.0


class WatchLogins:
    """Thread-safe. While no self-test runs, ``is_watched`` is one look into an empty mapping, and one read of
    Redis every two seconds.
    """

    def __init__(self, self_tests: SelfTests, monotonic: Callable[[], float]) -> None:
        self._self_tests = self_tests
        self._monotonic = monotonic
        self._running: Mapping[str, int] = {}
        self._read_again_at = 0.0
        self._reading = threading.Lock()

    def look_again(self) -> None:
        """A self-test began or ended here: the next request knows. Other processes know in two seconds."""
        self._read_again_at = 0.0

    def is_any_watched(self, now: int) -> bool:
        """Raises ReplayStoreUnavailable, at most once in two seconds."""
        if self._monotonic() >= self._read_again_at and self._reading.acquire(blocking=False):
            try:
                # First, so that a Redis that is away is asked again in two seconds and not at each request.
                self._read_again_at = self._monotonic() + READ_SECONDS
                self._running = self._self_tests.running(now)
            finally:
                self._reading.release()
        return bool(self._running)

    def is_watched(self, client_id: str, now: int) -> bool:
        return self._running.get(client_id, 0) > now

    def record(self, client_id: str, sightings: Mapping[str, Sighting], now: int) -> None:
        """Raises ReplayStoreUnavailable."""
        if sightings and self.is_watched(client_id, now):
            self._self_tests.record(client_id, sightings, self._running[client_id], now)
