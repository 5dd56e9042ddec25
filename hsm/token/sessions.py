"""Sessions of one token in one epoch: one logged-in session kept open, and a bounded pool of workers.

Login is a state of the token in this process (PKCS#11 v2.40 §5.6): one session logs in, sessions opened
later without a PIN are logged in too, and all are logged out when the last one closes.
"""

import threading
import time
from contextlib import suppress
from typing import Any

import pkcs11
from pkcs11.attributes import AttributeMapper
from pkcs11.constants import Attribute
from pkcs11.exceptions import PKCS11Error, SessionCount

from hsm.errors import TokenUnavailable


class Waits:
    """How many checkouts had to wait, and how long in all; outlives a pool."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0


def open_session(token: pkcs11.Token) -> Any:
    """A read/write session without login, able to carry CKA_UNWRAP_TEMPLATE."""
    mapper = AttributeMapper()
    mapper.register_handler(Attribute.UNWRAP_TEMPLATE, bytes, bytes)
    return token.open(rw=True, attribute_mapper=mapper)


class SessionPool:
    """At most ``capacity`` worker sessions, each used by one thread at a time. Opened when first needed."""

    def __init__(self, token: pkcs11.Token, *, capacity: int, acquire_timeout: float, waits: Waits) -> None:
        self._token = token
        self._capacity = capacity
        self._acquire_timeout = acquire_timeout
        self._waits = waits
        self._changed = threading.Condition()
        self._idle: list[Any] = []
        self._in_use = 0
        self._waiting = 0

    def checkout(self) -> "_Checkout":
        """``with pool.checkout() as session``: a session for this block alone.

        Raises TokenUnavailable when none is free within ``acquire_timeout`` seconds. A session whose
        block raised is closed, not reused: an operation may be open in it.
        """
        return _Checkout(self)

    @property
    def in_use(self) -> int:
        """Sessions checked out now."""
        return self._in_use

    def close_idle(self) -> None:
        """Close what nobody uses; errors do not matter any more."""
        with self._changed:
            idle, self._idle = self._idle, []
        for session in idle:
            with suppress(PKCS11Error):
                session.close()

    def acquire(self) -> Any:
        """What ``checkout`` begins with."""
        with self._changed:
            if self._in_use >= self._capacity:
                started = time.monotonic()
                self._waiting += 1
                free = self._changed.wait_for(lambda: self._in_use < self._capacity, self._acquire_timeout)
                self._waiting -= 1
                self._waits.count += 1
                self._waits.seconds += time.monotonic() - started
                if not free:
                    raise TokenUnavailable(
                        "The token is busy.", detail=f"no session free in {self._acquire_timeout} s"
                    )
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        try:
            return open_session(self._token)
        except BaseException as failed:
            self._free_place()
            if isinstance(failed, SessionCount):
                raise TokenUnavailable(
                    "The token is busy.", detail="the token has no more sessions: lower max_sessions"
                ) from failed
            raise

    def give_back(self, session: Any, *, fit: bool) -> None:
        """What ``checkout`` ends with."""
        if not fit:
            with suppress(PKCS11Error):
                session.close()
        self._free_place(session if fit else None)

    def _free_place(self, session: Any = None) -> None:
        with self._changed:
            if session is not None:
                self._idle.append(session)
            self._in_use -= 1
            if self._waiting:
                self._changed.notify()


class _Checkout:
    """A generator would do the same in thrice the time, on the path of every signature."""

    __slots__ = ("_pool", "_session")

    def __init__(self, pool: SessionPool) -> None:
        self._pool = pool

    def __enter__(self) -> Any:
        self._session = self._pool.acquire()
        return self._session

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._pool.give_back(self._session, fit=failed is None)
