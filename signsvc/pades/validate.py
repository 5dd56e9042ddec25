"""Validate signed documents (ETSI EN 319 102-1, Circular 15/2025/TT-BKHCN Art. 6 and Annex II).

Documents come from anybody. Each is read in a process of its own, limited in memory, processor time and
wall time; whatever happens there, the answer is a verdict.
"""

import json
import os
import queue
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from pydantic import ValidationError

from signsvc.pades.awaiting import speaks_within
from signsvc.pades.errors import InspectionUnavailable
from signsvc.pades.validation.describe import undecided
from signsvc.pades.validation.reasons import reason
from signsvc.pades.validation.trust_settings import TrustSettings
from signsvc.pades.validation.verdict import Indication, SignatureVerdict, Verdict

__all__ = ["Indication", "Limits", "SignatureVerdict", "TrustSettings", "Validator", "Verdict", "validate"]

_START_SECONDS = 60.0
_GRACE_SECONDS = 5.0
_MAX_ANSWER = 32 * 1024 * 1024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limits:
    """For one document: bytes of address space, seconds of processor time, seconds of wall time."""

    memory: int = 1024 * 1024 * 1024
    cpu: int = 20
    wall: float = 30.0


class Validator:
    """Warm processes, each started when first needed. Thread-safe; use it after the web server forked.

    ``processes``: how many documents are checked at once; others wait up to ``queue_seconds``.
    """

    def __init__(
        self,
        trust: TrustSettings,
        limits: Limits | None = None,
        *,
        processes: int = 2,
        queue_seconds: float = 30.0,
    ) -> None:
        self._queue_seconds = queue_seconds
        self._limits = limits or Limits()
        self._all = [_Process(trust, self._limits) for _ in range(processes)]
        self._idle: queue.LifoQueue[_Process] = queue.LifoQueue()
        for process in self._all:
            self._idle.put(process)

    def start(self) -> None:
        """Start all processes now, so that faults of the settings show. Raises InspectionUnavailable."""
        for process in self._all:
            process.start()

    def validate(self, path: Path, *, now: datetime) -> Verdict:
        """The verdict on the file. ``now``: aware UTC.

        Raises OSError if the file is not there, InspectionUnavailable if no process gets to it.
        """
        size = path.stat().st_size
        question = {"path": str(path.resolve()), "now": now.isoformat()}
        try:
            process = self._idle.get(timeout=self._queue_seconds)
        except queue.Empty as error:
            raise _unavailable("all validating processes are busy") from error
        try:
            answer = process.ask(question, self._limits.wall + _GRACE_SECONDS)
        finally:
            self._idle.put(process)
        if "died" in answer:
            log.warning("validation_died", code=answer["died"], detail=answer.get("detail"))
            return undecided(reason(answer["died"]), "FORMAT_FAILURE", size, now)
        try:
            return Verdict.model_validate(answer["verdict"])
        except (KeyError, ValidationError) as error:
            log.warning("validation_answer_malformed", error=type(error).__name__)
            return undecided(reason("crashed"), "FORMAT_FAILURE", size, now)

    def close(self) -> None:
        """End all processes."""
        for process in self._all:
            process.stop()

    def __enter__(self) -> "Validator":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def validate(path: Path, *, trust: TrustSettings, now: datetime, limits: Limits | None = None) -> Verdict:
    """One document, as ``Validator.validate``. Starting a process takes a second: keep a Validator."""
    with Validator(trust, limits, processes=1) as validator:
        return validator.validate(path, now=now)


class _Process:
    """One warm process and its pipes. Used by one thread at a time: the pool sees to it."""

    def __init__(self, trust: TrustSettings, limits: Limits) -> None:
        self._settings = {
            "trust": trust.model_dump(mode="json"),
            "memory": limits.memory,
            "cpu": limits.cpu,
            "wall": limits.wall,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer. A process that was lost is replaced, once. Raises InspectionUnavailable."""
        for attempt in (1, 2):
            try:
                return _exchange(self._running(), question, seconds)
            except (OSError, EOFError, ValueError) as error:
                self.stop()
                if attempt == 2:
                    raise _unavailable(f"the validating process was lost: {error}") from error
            except BaseException:
                # An interrupted question leaves its answer in the pipe: the next one would get it.
                self.stop()
                raise
        raise AssertionError("unreachable")

    def start(self) -> None:
        """Have the process running. Raises InspectionUnavailable."""
        self._running()

    def stop(self) -> None:
        """End the process: it holds nothing that could be lost."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        # No environment but this: whatever secrets are in ours stay here.
        environment = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "LANG": "C.UTF-8"}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "signsvc.pades.validation.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                bufsize=0,
            )
            ready = _exchange(self._process, self._settings, _START_SECONDS)
        except (OSError, EOFError, ValueError) as error:
            self.stop()
            raise _unavailable(f"no validating process could be started: {error}") from error
        if "ready" not in ready:
            self.stop()
            raise _unavailable(f"the trust settings cannot be used: {ready.get('fault')}")
        return self._process


def _exchange(process: subprocess.Popen[bytes], message: dict[str, Any], seconds: float) -> dict[str, Any]:
    if process.stdin is None or process.stdout is None:
        raise EOFError("no pipes")
    process.stdin.write(json.dumps(message).encode() + b"\n")
    end = time.monotonic() + seconds
    received = bytearray()
    while not received.endswith(b"\n"):
        ready = speaks_within(process.stdout, end - time.monotonic())
        chunk = process.stdout.read(65536) if ready else b""
        if not chunk or len(received) > _MAX_ANSWER:
            raise EOFError("no answer in time")
        received += chunk
    answer: dict[str, Any] = json.loads(received)
    return answer


def _unavailable(detail: str) -> InspectionUnavailable:
    return InspectionUnavailable(
        "Chưa kiểm tra được chữ ký; hãy thử lại sau.",
        "The signatures could not be checked now; try again later.",
        detail=detail,
    )
