"""Argon2id, in a few threads of its own: a storm of logins must not slow the token endpoint.

A hash takes 19 MiB and some twenty milliseconds of one core (OWASP's minimum for argon2id, RFC 9106). The
threads run at lower priority than those that answer requests, and only so many requests may stand and
wait for one; the next is told to come back in seconds. So most of a worker's threads stay free for /token.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from idp.errors import LoginBusy

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Of a password nobody has, at today's cost: what is verified when there is no account.
_NOBODYS = _HASHER.hash(os.urandom(24).hex())
_NICER = 10
_T = TypeVar("_T")


class Hashing:
    """Thread-safe. ``threads``: that hash at once; ``waiting``: requests that may wait besides."""

    def __init__(self, *, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, "argon2", initializer=_lower_priority)
        self._room = threading.BoundedSemaphore(threads + waiting)

    def hash(self, password: str) -> str:
        """Raises LoginBusy."""
        return self._run(lambda: _HASHER.hash(password))

    def verify(self, password_hash: str, password: str) -> bool:
        """``password_hash`` "": nobody's, and the answer is False after the same time. Raises LoginBusy."""
        known = bool(password_hash)
        return self._run(lambda: _matches(password_hash or _NOBODYS, password)) and known

    @staticmethod
    def is_outdated(password_hash: str) -> bool:
        """Whether it was made at an earlier cost."""
        return _HASHER.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._pool.shutdown()

    def _run(self, act: Callable[[], _T]) -> _T:
        if not self._room.acquire(blocking=False):
            raise LoginBusy(detail="hashing")
        try:
            return self._pool.submit(act).result()
        finally:
            self._room.release()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def _lower_priority() -> None:
    # Linux has a priority for each thread; elsewhere the whole process would become nicer.
    if os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICER)
