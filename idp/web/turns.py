"""How many requests are at work at once, however many threads the server has; and of them, how many logins.

A worker has a thread for everybody who waits for a password to be hashed. If all those threads could be at
work at once, a burst would spread over more database connections than there are and slow everybody down. And
threads share the interpreter: the fewer logins are at it, the sooner it is /token's turn.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Turns:
    """Around a WSGI application: ``at_once`` requests are inside, the others wait before it.

    ``logins``: of them, at most so many whose path begins with one of ``login_paths``.
    """

    def __init__(self, at_once: int, logins: int, login_paths: tuple[str, ...]) -> None:
        self._all = threading.Semaphore(at_once)
        self._logins = threading.Semaphore(logins)
        self._login_paths = login_paths
        self._mine = threading.local()

    def around(self, app: WsgiApp) -> WsgiApp:
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if self._held():
                return app(environ, start_response)  # a request within a request
            # First the narrower door: who waits before it must not take a turn from the others.
            login = environ.get("PATH_INFO", "").startswith(self._login_paths)
            with self._inside((self._logins, self._all) if login else (self._all,)):
                return app(environ, start_response)

        return answer

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While a request waits for something slow: another has its turn. Outside of requests, nothing."""
        held = self._held()
        self._mine.held = ()
        for door in reversed(held):
            door.release()
        try:
            yield
        finally:
            for door in held:
                door.acquire()
            self._mine.held = held

    def _held(self) -> tuple[threading.Semaphore, ...]:
        held: tuple[threading.Semaphore, ...] = getattr(self._mine, "held", ())
        return held

    @contextmanager
    def _inside(self, doors: tuple[threading.Semaphore, ...]) -> Iterator[None]:
        with ExitStack() as opened:
            for door in doors:
                opened.enter_context(door)
            self._mine.held = doors
            try:
                yield
            finally:
                self._mine.held = ()
