"""Leave a service alone for a while after it failed, so that it can come back and we don't wait for it."""

from threading import Lock

FAILURES = 2
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0


class Breaker:
    """Counts failures in a row. Times are monotonic seconds, passed in. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failures = 0
        self._closed_until = 0.0

    def allows(self, now: float) -> bool:
        """May the service be asked? After a pause one caller may try; the others wait for its result."""
        with self._lock:
            if self._failures < FAILURES:
                return True
            if now < self._closed_until:
                return False
            self._closed_until = now + FIRST_PAUSE
            return True

    def wait(self, now: float) -> float:
        """For how many seconds more the service is left alone."""
        with self._lock:
            return max(0.0, self._closed_until - now) if self._failures >= FAILURES else 0.0

    def succeeded(self) -> None:
        """It answered well."""
        with self._lock:
            self._failures = 0

    def failed(self, now: float) -> None:
        """It did not."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._failures - FAILURES))
                self._closed_until = now + pause
