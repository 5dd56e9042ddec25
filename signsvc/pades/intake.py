"""Inspect an incoming document in a process that may die of it.

A few inspecting processes are kept warm. Each forks a child for every document; the child gives up
memory, time, new privileges and writing before it reads the first byte. A child that crashes or is
stopped refuses its document and nothing else.
"""

import json
import os
import queue
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from signsvc.pades.awaiting import speaks_within
from signsvc.pades.errors import DocumentRefused, InspectionUnavailable, SecretDocument
from signsvc.pades.findings import Finding, decode_finding
from signsvc.pades.secrecy import SECRET

_GRACE_SECONDS = 5.0
_MAX_ANSWER = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class InspectionLimits:
    """What one inspection may use and what one document may hold."""

    cpu_seconds: int = 20
    wall_seconds: float = 30.0
    memory_bytes: int = 1024 * 1024 * 1024
    max_bytes: int = 512 * 1024 * 1024
    max_pages: int = 10_000
    max_objects: int = 1_000_000
    max_stream_bytes: int = 128 * 1024 * 1024
    max_decoded_bytes: int = 1024 * 1024 * 1024
    max_pixels: int = 200_000_000
    allow_hybrid: bool = False


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """What is known of a document. ``pdfa``: the part it claims, as "2B", or empty.

    ``signed``: the digests (hex) that its signatures signed, in the order they were made.
    """

    size: int
    pages: int
    pdf_version: str
    pdfa: str
    signatures: int
    encrypted: bool
    hybrid: bool
    findings: tuple[Finding, ...]
    signed: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """Why it may not be signed; empty when it may."""
        return tuple(finding for finding in self.findings if finding.severity == "refuse")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What its signer should be shown."""
        return tuple(finding for finding in self.findings if finding.severity == "warn")


def check_signable(report: IntakeReport) -> None:
    """Raise DocumentRefused with all that speaks against signing; SecretDocument when that is among it."""
    if any(finding.code == SECRET.code for finding in report.refusals):
        raise SecretDocument((SECRET,))
    if report.refusals:
        raise DocumentRefused(report.refusals)


class Intake:
    """A pool of inspecting processes. Thread-safe; start it after the web server forked."""

    def __init__(
        self, limits: InspectionLimits | None = None, *, workers: int = 2, queue_seconds: float = 30.0
    ) -> None:
        self._limits = limits or InspectionLimits()
        self._queue_seconds = queue_seconds
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._workers = [_Worker() for _ in range(workers)]
        for worker in self._workers:
            self._idle.put(worker)

    def start(self) -> None:
        """Start all processes now, so that the first document needs not wait for them."""
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """End all inspecting processes."""
        for worker in self._workers:
            worker.stop()

    def inspect(self, path: Path, *, password: str | None = None) -> IntakeReport:
        """Inspect a file. A document that can't be read gives a report that refuses it.

        Raises InspectionUnavailable when no process gets to it in time.
        """
        request = {"path": str(path.resolve()), "password": password, "limits": asdict(self._limits)}
        try:
            worker = self._idle.get(timeout=self._queue_seconds)
        except queue.Empty as error:
            raise _unavailable("all inspecting processes are busy") from error
        try:
            answer = worker.ask(request, self._limits.wall_seconds + _GRACE_SECONDS)
        finally:
            self._idle.put(worker)
        if "died" in answer:
            return _unreadable_report(path.stat().st_size, str(answer["died"]))
        findings = tuple(decode_finding(finding) for finding in answer.pop("findings"))
        return IntakeReport(**answer | {"findings": findings, "signed": tuple(answer["signed"])})


class _Worker:
    """One warm process and its pipes."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to one request. A process that was lost is replaced, once."""
        with self._lock:
            for attempt in (1, 2):
                process = self._running()
                try:
                    return self._exchange(process, request, seconds)
                except (OSError, EOFError, ValueError) as error:
                    self._kill()
                    if attempt == 2:
                        raise _unavailable(f"the inspecting process was lost: {error}") from error
        raise AssertionError("unreachable")

    def start(self) -> None:
        """Have the process running."""
        with self._lock:
            self._running()

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._kill()
            # No environment but this: whatever secrets are in ours stay here.
            environment = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "LANG": "C.UTF-8"}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "signsvc.pades.inspecting"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                bufsize=0,
            )
        return self._process

    def _exchange(
        self, process: subprocess.Popen[bytes], request: dict[str, Any], seconds: float
    ) -> dict[str, Any]:
        if process.stdin is None or process.stdout is None:
            raise EOFError("no pipes")
        process.stdin.write(json.dumps(request).encode() + b"\n")
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

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _unreadable_report(size: int, reason: str) -> IntakeReport:
    finding = Finding(
        "unreadable",
        "refuse",
        "không thể đọc tài liệu trong giới hạn cho phép.",
        "it could not be read within the limits.",
        detail=reason,
    )
    return IntakeReport(size, 0, "", "", 0, False, False, (finding,))  # noqa: FBT003 -- nothing is known


def _unavailable(detail: str) -> InspectionUnavailable:
    return InspectionUnavailable(
        "Chưa kiểm tra được tài liệu; hãy thử lại sau.",
        "The document could not be inspected now; try again later.",
        detail=detail,
    )
