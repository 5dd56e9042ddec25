"""The inspecting process: reads requests, forks a bounded child for each, passes its answer on.

It never parses a document itself, so no document can harm the next one. Run by ``intake``:
``python -m signsvc.pades.inspecting``, one JSON object a line on stdin and stdout.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from signsvc.pades.inspect_document import inspect_document

_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS, linux/prctl.h
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_MAX_ANSWER = 4 * 1024 * 1024


def main() -> None:
    """Serve until stdin ends."""
    _prctl(_NO_NEW_PRIVILEGES, 1)
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    for line in sys.stdin.buffer:
        answer = _inspect_in_child(json.loads(line))
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _inspect_in_child(request: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _run_child(request, writing)
    os.close(writing)
    try:
        received = _receive(reading, request["limits"]["wall_seconds"])
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    try:
        answer: dict[str, Any] = json.loads(received)
    except ValueError:
        return {"died": f"the inspection ended with status {status}"}
    return answer


def _receive(descriptor: int, seconds: float) -> bytes:
    end = time.monotonic() + seconds
    received = bytearray()
    while len(received) <= _MAX_ANSWER:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
        chunk = os.read(descriptor, 65536) if ready else b""
        if not chunk:
            break
        received += chunk
    return bytes(received)


def _run_child(request: dict[str, Any], writing: int) -> None:
    code = 1
    try:
        limits = request["limits"]
        _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        _limit(resource.RLIMIT_AS, limits["memory_bytes"])
        _limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
        _limit(resource.RLIMIT_FSIZE, 0)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_NPROC, 0)
        answer = inspect_document(Path(request["path"]), request["password"], limits)
        _send(writing, json.dumps(answer).encode())
        code = 0
    except BaseException as error:  # noqa: BLE001 -- a forked child must never return into the loop
        # Only the kind of error: its text may quote the document.
        _send(writing, json.dumps({"died": type(error).__name__}).encode())
    finally:
        os._exit(code)


def _send(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    main()
