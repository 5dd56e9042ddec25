"""Runs an act on the token; when it fails, decides whether the token is sick, and cures it once.

A sick token gets a new generation: finalise, initialise, log in, all handles forgotten; then the act is
tried once more. If that fails too the circuit opens: for ``retry_after`` seconds (monotonic clock) every
call fails at once, so that a dead HSM is not hammered; then the next call tries again. No restart.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from pkcs11.exceptions import NoSuchKey, PKCS11Error

from hsm.errors import KeyNotFound, MechanismRefused, PinRejected, TokenError, TokenUnavailable
from hsm.token.canary import canary_signs
from hsm.token.faults import Fault, fault_of
from hsm.token.generation import Generation
from hsm.token.module import EpochEnded, Module

_log = structlog.get_logger(__name__)
_Result = TypeVar("_Result")
_MAX_EPOCHS = 4  # another token on the same module may end our epoch while we wait; not for ever


class Recovery:
    """Keeps the current generation of one token. Thread-safe."""

    def __init__(
        self, module: Module, begin: Callable[[int], Generation], *, patience: float, retry_after: float
    ) -> None:
        """``begin(epoch)`` logs in. ``patience``: longest wait, in seconds, for other threads to leave."""
        self._module = module
        self._begin = begin
        self._patience = patience
        self._retry_after = retry_after
        self._lock = threading.Lock()
        self._current: Generation | None = None
        self._failed_epoch = -1
        self._renewed_at = float("-inf")
        self._open_until = float("-inf")
        self._reason: TokenError | None = None
        self._closed = False
        self.renewals = 0

    def start(self) -> None:
        """Log in for the first time. Raises TokenUnavailable, PinRejected.

        A module may show only the tokens that it found when it was initialised, and processes that start
        together may meet SoftHSM rewriting a token's file: so one failure is tried again in a new epoch.
        """
        try:
            self.generation()
        except TokenUnavailable:
            self._open_until = float("-inf")
            self.generation()
        self.renewals = 0

    def run(self, act: Callable[[Generation], _Result], *, label: str = "") -> _Result:
        """The result of ``act``, which uses the key ``label``; it may be called twice.

        Raises TokenUnavailable, PinRejected, KeyNotFound (a healthy token has no such key) or
        MechanismRefused; whatever else ``act`` raises passes.
        """
        retried = False
        for _ in range(_MAX_EPOCHS):
            generation = self.generation()
            try:
                self._module.enter(generation.epoch, timeout=self._patience)
            except EpochEnded:
                continue
            try:
                return act(generation)
            except PKCS11Error as error:
                sick = self._is_sick(generation, error, label=label, retried=retried)
                failure = error
            finally:
                self._module.leave()
            if sick:
                if retried:
                    raise self._break(failure)
                self._renew(generation, failure)
            retried = True
        raise TokenUnavailable("The token is away.", detail="it is re-initialised again and again")

    def generation(self) -> Generation:
        """The current generation; a new one if there is none, or if its epoch ended."""
        self._module.check_process()
        current = self._current
        if current is not None and current.epoch == self._module.epoch:
            return current
        with _held(self._lock, self._patience):
            return self._ensure()

    def sessions_in_use(self) -> int:
        """Worker sessions that are signing now."""
        current = self._current
        return current.pool.in_use if current else 0

    def close(self) -> None:
        """Give back the sessions; whoever asks afterwards gets TokenError."""
        with self._lock:
            self._closed = True
            current, self._current = self._current, None
            if current is not None and current.epoch == self._module.epoch:
                current.close()

    def _is_sick(self, generation: Generation, error: PKCS11Error, *, label: str, retried: bool) -> bool:
        """Raise if the act is to blame; False if a second look may help; True if the token is to blame."""
        fault = fault_of(error)
        if fault is Fault.PIN:
            raise PinRejected("The token refused the PIN.", detail=repr(error)) from error
        if fault is Fault.PERMANENT:
            raise MechanismRefused("The token refuses this use of the key.", detail=repr(error)) from error
        if not canary_signs(generation):
            return True
        generation.forget(label)
        if isinstance(error, NoSuchKey):
            raise KeyNotFound("The token has no such key.", detail=str(error)) from error
        if not retried:
            return False
        if fault is Fault.SICK:
            raise TokenUnavailable("The token is away.", detail=f"{error!r}, yet the canary signs") from error
        raise MechanismRefused("The token refuses this use of the key.", detail=repr(error)) from error

    def _renew(self, sick: Generation, failure: PKCS11Error) -> None:
        """Begin a new epoch and log in, unless another thread did, or it was done a moment ago."""
        with _held(self._lock, self._patience):
            if self._current is not sick:
                return
            if time.monotonic() < self._renewed_at + self._retry_after:
                raise TokenUnavailable("The token is away.", detail=f"{failure!r}, and renewed just now")
            _log.warning("token_sick", error=repr(failure), epoch=sick.epoch)
            self._current = None
            self._failed_epoch = sick.epoch
            self._ensure()

    def _ensure(self) -> Generation:
        """With the lock held: the current generation, or a new one."""
        if self._current is not None and self._current.epoch == self._module.epoch:
            return self._current
        if self._closed:
            raise TokenError("The token is closed.", detail="used after close()")
        if time.monotonic() < self._open_until and self._reason is not None:
            raise type(self._reason)(self._reason.message, detail=f"circuit open: {self._reason.detail}")
        self._current = None
        try:
            epoch = self._module.epoch
            if self._failed_epoch == epoch:
                self._renewed_at = time.monotonic()
                self.renewals += 1
                epoch = self._module.begin_epoch(epoch, timeout=self._patience)
            with self._module.within(epoch, timeout=self._patience):
                self._current = self._begin(epoch)
        except EpochEnded:
            raise self._break_with(
                TokenUnavailable("The token is away.", detail="re-initialised by another thread")
            ) from None
        except PKCS11Error as failed:
            raise self._break(failed) from failed
        except TokenError as failed:
            raise self._break_with(failed)  # noqa: B904 - the same error, remembered
        self._open_until = float("-inf")
        return self._current

    def _break(self, failure: PKCS11Error) -> TokenError:
        """Open the circuit; returns what to raise."""
        if isinstance(failure, NoSuchKey):
            # token and login are there, only the canary is not: a token without one serves the keys it finds
            return TokenUnavailable(
                "The token is away.", detail=f"{failure}; the canary key is not found either"
            )
        return self._break_with(TokenUnavailable("The token is away.", detail=repr(failure)))

    def _break_with(self, reason: TokenError) -> TokenError:
        self._failed_epoch = self._module.epoch
        self._open_until = time.monotonic() + self._retry_after
        self._reason = reason
        return reason


class _held:  # noqa: N801 - reads as a word in `with`
    """A lock taken within ``timeout`` seconds, else TokenUnavailable."""

    def __init__(self, lock: threading.Lock, timeout: float) -> None:
        self._lock = lock
        self._timeout = timeout

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._timeout):
            raise TokenUnavailable("The token is busy.", detail="another thread is re-initialising it")

    def __exit__(self, *_: object) -> None:
        self._lock.release()
