"""Things that are opened when first used: after the fork, and once a process."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Opened(Generic[T]):
    """Call it to have the thing. An ``open`` that raises is tried again at the next call. Thread-safe."""

    def __init__(self, open_it: Callable[[], T], close_it: Callable[[T], None] = lambda _: None) -> None:
        self._open = open_it
        self._close = close_it
        self._lock = Lock()
        self._thing: list[T] = []

    def __call__(self) -> T:
        if not self._thing:
            with self._lock:
                if not self._thing:
                    self._thing.append(self._open())
        return self._thing[0]

    def close(self) -> None:
        """Close it, if it was opened."""
        with self._lock:
            while self._thing:
                self._close(self._thing.pop())
