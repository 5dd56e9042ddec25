"""How many requests are at work at once, however many threads the server has.

A worker has a thread for everybody who waits for a password to be hashed. If all those threads could be at
work at once, a burst would spread over more database connections than there are and slow everybody down.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Turns:
    """Around a WSGI application: ``at_once`` requests are inside, the others wait before it."""

    def __init__(self, at_once: int) -> None:
        self._free = threading.Semaphore(at_once)
        self._mine = threading.local()

    def around(self, app: WsgiApp) -> WsgiApp:
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if self._has_turn():
                return app(environ, start_response)  # a request within a request
            with self._turn():
                return app(environ, start_response)

        return answer

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While a request waits for something slow: another has its turn. Outside of requests, nothing."""
        if not self._has_turn():
            yield
            return
        self._mine.turn = False
        self._free.release()
        try:
            yield
        finally:
            self._free.acquire()
            self._mine.turn = True

    def _has_turn(self) -> bool:
        return getattr(self._mine, "turn", False)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self._free.acquire()
        self._mine.turn = True
        try:
            yield
        finally:
            self._mine.turn = False
            self._free.release()
