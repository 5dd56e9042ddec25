"""Sessions of one token in one epoch: one logged-in session kept open, and a bounded pool of workers.

Login is a state of the token in this process (PKCS#11 v2.40 §5.6): one session logs in, sessions opened
later without a PIN are logged in too, and all are logged out when the last one closes.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

    @contextmanager
    def checkout(self) -> Iterator[Any]:
        """A session for this block alone.

        Raises TokenUnavailable when none is free within ``acquire_timeout`` seconds. A session whose
        block raised is closed, not reused: an operation may be open in it.
        """
        session = self._acquire()
        fit = False
        try:
            yield session
            fit = True
        finally:
            self._give_back(session, fit=fit)

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

    def _acquire(self) -> Any:
        with self._changed:
            if self._in_use >= self._capacity:
                started = time.monotonic()
                free = self._changed.wait_for(lambda: self._in_use < self._capacity, self._acquire_timeout)
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

    def _give_back(self, session: Any, *, fit: bool) -> None:
        if fit:
            with self._changed:
                self._idle.append(session)
        else:
            with suppress(PKCS11Error):
                session.close()
        self._free_place()

    def _free_place(self) -> None:
        with self._changed:
            self._in_use -= 1
            self._changed.notify()
