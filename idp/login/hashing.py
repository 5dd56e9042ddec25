"""Argon2id, in a few threads of its own: a storm of logins must not slow the token endpoint.

A hash takes 19 MiB and some twenty milliseconds of one core (OWASP's minimum for argon2id, RFC 9106), in C
without the interpreter's lock. The threads run at lower priority than those that answer requests. When more
people log in than can be hashed they wait for their turn, first come, first served; only who would wait
longer than a person does is told to come back.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
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
    """Thread-safe. ``threads``: that hash at once. ``seconds``: how long anybody waits for one of them.

    ``waiting``: how many may wait: each holds a thread of the server, so memory sets the limit.
    ``aside``: entered by whoever waits, so that others get on meanwhile.
    """

    def __init__(
        self,
        *,
        threads: int,
        waiting: int,
        seconds: float = 10.0,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, "argon2", initializer=_lower_priority)
        self._room = threading.BoundedSemaphore(threads + waiting)
        self._seconds = seconds
        self._aside = aside

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
            raise LoginBusy(detail="hashing: no room")
        try:
            with self._aside():
                turn = self._pool.submit(act)
                try:
                    return turn.result(self._seconds)
                except TimeoutError:
                    if turn.cancel():
                        raise LoginBusy(detail="hashing: waited too long") from None
                    return turn.result()  # its turn has just come
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
