"""A PKCS#11 module, loaded once a process and initialised for many threads.

A module is process-wide state: one C_Finalize kills the sessions of everybody. So there is one
``Module`` a path, however many tokens use it; whoever calls it does so ``within`` an epoch, and a new
epoch begins only when nobody is inside. Handles and sessions belong to the epoch they were made in:
after a reset the same number may be another key.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import structlog
from pkcs11.exceptions import PKCS11Error

from hsm.errors import TokenError, TokenUnavailable
from hsm.token.cryptoki import Cryptoki

_log = structlog.get_logger(__name__)


class EpochEnded(Exception):
    """The module was re-initialised since: the caller's sessions and handles are dead."""


class Module:
    """Take one from ``Module.loaded``. Thread-safe."""

    _loaded: ClassVar[dict[Path, "Module"]] = {}
    _loading: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def loaded(cls, path: Path, *, reserved: str) -> "Module":
        """This process's one ``Module`` of ``path``, initialised with ``reserved``; counted.

        Raises TokenUnavailable if the module does not load or initialise, TokenError if it was
        initialised by someone else, or with other arguments.
        """
        real = path.resolve()
        with cls._loading:
            module = cls._loaded.get(real)
            if module is None or module._pid != os.getpid():
                module = cls(real, reserved=reserved)
                cls._loaded[real] = module
            elif module._reserved != reserved:
                raise TokenError("The token is busy.", detail=f"{real} is initialised with other arguments")
            module._users += 1
            return module

    def __init__(self, path: Path, *, reserved: str) -> None:
        self._path = path
        self._reserved = reserved
        self._pid = os.getpid()
        self._users = 0
        self._gate = threading.Condition()
        self._inside = 0
        self._closing = False
        self._initialized = False
        self.epoch = 0
        try:
            self.cryptoki = Cryptoki(path)
            self.library = self.cryptoki.library
            if not self.cryptoki.initialize(reserved):
                raise TokenError("The token is busy.", detail=f"{path} was initialised by other code")
        except (OSError, PKCS11Error) as failed:
            raise TokenUnavailable("The token is away.", detail=f"{path}: {failed!r}") from failed
        self._initialized = True

    def check_process(self) -> None:
        """Raise TokenError in a fork of the process that initialised the module.

        A forked child shares its parent's sessions by accident: two processes on one connection.
        """
        if os.getpid() != self._pid:
            raise TokenError(
                "The token is not usable here.",
                detail=f"pid {os.getpid()} is a fork of {self._pid}: open the token after the fork",
            )

    @contextmanager
    def within(self, epoch: int, *, timeout: float) -> Iterator[None]:
        """Call the module inside this block only; raises as ``enter``."""
        self.enter(epoch, timeout=timeout)
        try:
            yield
        finally:
            self.leave()

    def enter(self, epoch: int, *, timeout: float) -> None:
        """From here to ``leave`` the module may be called, and stays in this epoch.

        Raises EpochEnded, or TokenUnavailable if a re-initialisation lasts longer than ``timeout`` seconds.
        """
        self.check_process()
        with self._gate:
            if self._closing and not self._gate.wait_for(lambda: not self._closing, timeout):
                raise TokenUnavailable("The token is busy.", detail="re-initialisation takes too long")
            if epoch != self.epoch or not self._initialized:
                raise EpochEnded
            self._inside += 1

    def leave(self) -> None:
        """The end of what ``enter`` began, in every case."""
        with self._gate:
            self._inside -= 1
            if self._closing and self._inside == 0:
                self._gate.notify_all()

    def begin_epoch(self, after: int, *, timeout: float) -> int:
        """Finalise and initialise, unless someone did since epoch ``after``; returns the epoch now.

        Raises TokenUnavailable if callers stay inside longer than ``timeout`` seconds (a call hangs:
        PKCS#11 has no time-outs) or if the module does not initialise.
        """
        self.check_process()
        with self._alone(timeout):
            if self.epoch != after and self._initialized:
                return self.epoch
            self._finalize()
            self.epoch += 1
            try:
                fresh = self.cryptoki.initialize(self._reserved)
            except PKCS11Error as failed:
                raise TokenUnavailable("The token is away.", detail=f"C_Initialize: {failed!r}") from failed
            if not fresh:
                _log.warning("pkcs11_not_finalized", module=str(self._path))
            self._initialized = True
            return self.epoch

    def release(self) -> None:
        """One user less; the last one finalises the module. In a fork this does nothing."""
        if os.getpid() != self._pid:
            return
        with self._loading:
            self._users -= 1
            if self._users > 0 or self._loaded.get(self._path) is not self:
                return
            del self._loaded[self._path]
            with self._alone(timeout=5.0):
                self._finalize()

    @contextmanager
    def _alone(self, timeout: float) -> Iterator[None]:
        deadline = time.monotonic() + timeout
        with self._gate:
            if not self._gate.wait_for(lambda: not self._closing, timeout):
                raise TokenUnavailable("The token is busy.", detail="another re-initialisation is under way")
            self._closing = True
            try:
                if not self._gate.wait_for(lambda: self._inside == 0, max(0.0, deadline - time.monotonic())):
                    raise TokenUnavailable("The token is busy.", detail=f"{self._inside} calls do not return")
                yield
            finally:
                self._closing = False
                self._gate.notify_all()

    def _finalize(self) -> None:
        if self._initialized:
            self._initialized = False
            try:
                self.cryptoki.finalize()
            except PKCS11Error as failed:
                # a dead module cannot finalise; initialising it again is still the way out
                _log.warning("pkcs11_finalize_failed", module=str(self._path), error=repr(failed))
