"""A real devca over HTTP for the tests: ``devca`` for the whole run, ``devca_factory`` for fresh ones."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

_PROGRAM = Path(__file__).resolve().parents[2] / "clients" / "devca"
_START_SECONDS = 60
_STOP_SECONDS = 10
_STARTS = 3


class PortTaken(Exception):
    """Somebody else listens where this instance should."""


class Devca:
    """A devca process of its own directory and port, with faults enabled.

    ``root_pem``, ``issuing_pem``: PEM text. ``secret``: the bearer secret of ``/issue``.
    """

    def __init__(self, directory: Path, port: int, *, workers: int = 1) -> None:
        self.directory = directory
        self.base_url = f"http://127.0.0.1:{port}"
        self.ocsp_url = f"{self.base_url}/ocsp"
        self.tsa_url = f"{self.base_url}/tsa"
        self._port = port
        self._workers = workers
        self._faulty = False
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.base_url, timeout=60, trust_env=False)

    def start(self) -> None:
        """Start and wait until it answers. Raises PortTaken or RuntimeError with the program's log."""
        if self._process is not None:
            raise RuntimeError("devca is running already")
        # A killed test run must leave nothing behind: the kernel ends devca with the thread that began it.
        command = ["setpriv", "--pdeathsig", "TERM"]
        command += [sys.executable, "-m", "devca", "serve", "--misbehave"]
        command += ["--dir", str(self.directory), "--base-url", self.base_url]
        command += ["--port", str(self._port), "--workers", str(self._workers)]
        environment = {**os.environ, "PYTHONPATH": str(_PROGRAM)}
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"devca did not start:\n{self.log_path.read_text('utf-8')[-4000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            if self._http.get("/readyz", timeout=2).status_code != httpx.codes.OK:
                return False
            answered = self._http.get("/root.pem", timeout=2).text
        except httpx.TransportError:
            return False
        if answered != self.root_pem:
            self.stop()
            raise PortTaken
        return True

    def stop(self) -> None:
        """Stop it as an operator does; nothing listens afterwards. Harmless when it is stopped."""
        if self._process is None:
            return
        process, self._process = self._process, None
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        """Stop it for good."""
        self.stop()
        self._http.close()

    @property
    def log_path(self) -> Path:
        return self.directory.with_name(f"{self.directory.name}.log")

    @property
    def root_pem(self) -> str:
        return (self.directory / "root.pem").read_text("ascii")

    @property
    def issuing_pem(self) -> str:
        return (self.directory / "issuing.pem").read_text("ascii")

    @property
    def secret(self) -> str:
        return (self.directory / "issue-secret").read_text("ascii").strip()

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def issue(self, csr_pem: str, profile: str, **extra: Any) -> list[str]:
        """The chain as PEM texts: leaf, issuing CA, root."""
        body = {"csr": csr_pem, "profile": profile, **extra}
        chain: list[str] = self._checked("POST", "/issue", body).json()["chain"]
        return chain

    def revoke(self, serial: int, reason: str = "unspecified") -> None:
        self._checked("POST", "/revoke", {"serial": f"{serial:x}", "reason": reason})

    def misbehave(self, **faults: Any) -> None:
        """``tsa=``, ``ocsp=``, ``crl=`` (names in devca.misbehaviour), ``seconds=``, ``megabytes=``.

        Replaces what was asked for before.
        """
        self._faulty = True
        self._checked("PUT", "/misbehave", faults)

    def behave(self) -> None:
        """No more faults."""
        self._checked("DELETE", "/misbehave", None)
        self._faulty = False

    def recover(self) -> None:
        """Running and well-behaved again, whatever a test did to it."""
        if self._process is None:
            self.start()
        if self._faulty:
            self.behave()

    def _checked(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        response = self._http.request(method, path, json=body, headers=self.authorization)
        if response.is_error:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response


def start_devca(directory: Path, *, workers: int = 1) -> Devca:
    """A fresh instance below ``directory``; a port lost to somebody else is tried again elsewhere."""
    for attempt in range(_STARTS):
        server = Devca(directory / f"devca-{attempt}", _free_port(), workers=workers)
        try:
            server.start()
        except (PortTaken, RuntimeError):
            server.close()
            if attempt == _STARTS - 1:
                raise
        else:
            return server
    raise AssertionError("unreachable")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def devca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devca]:
    """One server for the run. Faults and stops end with the test that caused them."""
    server = start_devca(tmp_path_factory.mktemp("devca"))
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _devca_recovers(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "devca" in request.fixturenames:
        request.getfixturevalue("devca").recover()


@pytest.fixture(scope="session")
def devca_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Devca]]:
    """``devca_factory(workers=1)``: an instance of one's own, closed at the end of the run."""
    made: list[Devca] = []

    def make(*, workers: int = 1) -> Devca:
        made.append(start_devca(tmp_path_factory.mktemp("own-devca"), workers=workers))
        return made[-1]

    yield make
    for server in made:
        server.close()
