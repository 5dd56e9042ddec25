"""The witness as the process it is, over HTTP, with nothing of the key process's but its public files."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.witness.conftest import VERIFIER, House

PROGRAM = Path(__file__).parents[2] / "clients" / "witness"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Requests are not news."""


@pytest.fixture
def address(house: House) -> Iterator[str]:
    house.log.grow(300)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(house.log.public)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "witness", *arguments],
        env={**os.environ, "PYTHONPATH": str(PROGRAM)}, timeout=60,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_is_made_looks_over_http_and_what_it_cosigned_verifies(tmp_path: Path, address: str) -> None:
    folder = tmp_path / "own"
    made = command("init", "--dir", str(folder), "--name", "witness.example/antin")
    assert made.returncode == 0, made.stderr
    witness_key = json.loads(made.stdout)["verifier_key"]
    seen = command("observe", "--dir", str(folder), "--log", address, "--verifier-key", VERIFIER)
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout)["size"] == 300
    keys = ("--verifier-key", VERIFIER, "--witness-key", witness_key)
    verified = command("verify", str(folder / "public" / "checkpoint"), *keys)
    assert verified.returncode == 0, verified.stderr
    assert abs(json.loads(verified.stdout)["cosigned_at"] - time.time()) < 60


def test_a_log_that_is_away_is_a_refusal_with_a_reason(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    command("init", "--dir", str(folder), "--name", "witness.example/antin")
    away = ("--log", "http://127.0.0.1:9", "--verifier-key", VERIFIER)
    refused = command("observe", "--dir", str(folder), *away)
    assert refused.returncode == 1
    assert json.loads(refused.stderr)["error"] == "LogUnavailable"


def test_it_follows_the_log_until_it_is_told_to_stop(tmp_path: Path, house: House, address: str) -> None:
    folder = tmp_path / "own"
    command("init", "--dir", str(folder), "--name", "witness.example/antin")
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "witness", "run", "--interval", "0.1",
         "--dir", str(folder), "--log", address, "--verifier-key", VERIFIER],
        env={**os.environ, "PYTHONPATH": str(PROGRAM)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        for size in (300, 301):
            while f"\n{size}\n" not in _text(folder / "public" / "checkpoint"):
                assert time.monotonic() < until
                time.sleep(0.05)
            house.log.grow(1)
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert process.stderr is not None
    said = [json.loads(line) for line in process.stderr]
    process.stderr.close()
    assert {line["event"] for line in said} == {"cosigned"}


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
