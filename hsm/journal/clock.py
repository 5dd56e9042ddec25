"""What time it is, refused when it is earlier than the journal says it was.

A clock that went back would make expired acts good again, and a journal whose times contradict its
order. Restarting does not help: the newest entries say how late it was.
"""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from hsm.journal.errors import ClockBehind
from hsm.journal.log import Log

# What a time service may step back by without anybody having meant harm.
LEEWAY_SECONDS = 60
LAST_ENTRIES = 16


def read_clock() -> datetime:
    return datetime.now(UTC)


class JournalClock:
    """Thread-safe. ``latest``: Unix seconds that it certainly is already; ``read``: the host's clock."""

    def __init__(self, latest: int = 0, read: Callable[[], datetime] = read_clock) -> None:
        self._latest = latest
        self._read = read
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Raises ClockBehind."""
        moment = self._read()
        seconds = int(moment.timestamp())
        with self._lock:
            if seconds < self._latest - LEEWAY_SECONDS:
                raise ClockBehind(
                    "The clock is behind the journal: set it right. Nothing was signed.",
                    detail=f"{seconds} after {self._latest}",
                )
            self._latest = max(self._latest, seconds)
        return moment


def latest_time(log: Log) -> int:
    """The latest time that the newest entries of an open log say; 0 for an empty one."""
    size, _ = log.head()
    entries = log.entries(max(0, size - LAST_ENTRIES), LAST_ENTRIES) if size else []
    return max((int(json.loads(entry).get("time", 0)) for _, entry in entries), default=0)
