"""The validating process: holds the trust anchors, forks a bounded child for each document.

It never parses a document itself, so no document can touch the verdict on the next one. Run by
``validate``: ``python -m signsvc.pades.validation.worker``, one JSON object a line on stdin and stdout,
the settings first.
"""

import ctypes
import gc
import json
import logging
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import pypdfium2

from signsvc.pades.validation.judge import judge
from signsvc.pades.validation.policy import Policy
from signsvc.pades.validation.trust_settings import TrustSettings

_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS, linux/prctl.h
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_MAX_ANSWER = 16 * 1024 * 1024
TOO_COSTLY = "too-costly"
CRASHED = "crashed"


def main() -> None:
    """Serve until stdin ends."""
    _prctl(_NO_NEW_PRIVILEGES, 1)
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    logging.disable(logging.CRITICAL)
    # Anybody may ask for this work, as much of it as they like: signing goes first.
    os.nice(10)
    settings = json.loads(sys.stdin.buffer.readline())
    try:
        policy = Policy(TrustSettings.model_validate(settings["trust"]))
    except (OSError, ValueError) as error:
        _answer({"fault": f"{type(error).__name__}: {error}"})
        return
    # The children share what is loaded now: the collector must not write all over it.
    pypdfium2.PdfDocument.new().close()
    gc.collect()
    gc.freeze()
    _answer({"ready": True})
    for line in sys.stdin.buffer:
        _answer(_judge_in_child(json.loads(line), policy, settings))


def _judge_in_child(job: dict[str, Any], policy: Policy, limits: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _run_child(job, policy, limits, writing)
    os.close(writing)
    in_time = True
    try:
        received, in_time = _receive(reading, limits["wall"])
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    try:
        answer: dict[str, Any] = json.loads(received)
    except ValueError:
        signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        costly = not in_time or signalled == signal.SIGXCPU
        return {"died": TOO_COSTLY if costly else CRASHED, "detail": f"status {status}"}
    return answer


def _receive(descriptor: int, seconds: float) -> tuple[bytes, bool]:
    """What came, and whether it ended in time."""
    end = time.monotonic() + seconds
    received = bytearray()
    while len(received) <= _MAX_ANSWER:
        if not select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
            return bytes(received), False
        chunk = os.read(descriptor, 65536)
        if not chunk:
            break
        received += chunk
    return bytes(received), True


def _run_child(job: dict[str, Any], policy: Policy, limits: dict[str, Any], writing: int) -> NoReturn:
    answer: dict[str, Any]
    try:
        gc.disable()
        _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        _limit(resource.RLIMIT_AS, limits["memory"])
        # Soft below hard: the soft limit's signal tells "too costly" from a crash.
        resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 1))
        for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
            _limit(kind, 0)
        verdict = judge(Path(job["path"]), policy, datetime.fromisoformat(job["now"]))
        answer = {"verdict": verdict.model_dump(mode="json")}
    except MemoryError:
        answer = {"died": TOO_COSTLY, "detail": "memory"}
    except BaseException as error:  # noqa: BLE001 -- a forked child must never return into the loop
        # Only the kind of error: its text may quote the document.
        answer = {"died": CRASHED, "detail": type(error).__name__}
    with suppress(BaseException):
        _send(writing, json.dumps(answer).encode())
    os._exit(0)


def _send(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _answer(members: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(members).encode() + b"\n")
    sys.stdout.buffer.flush()


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    main()
