"""Everything that runs in a province, on free ports: key process, PKI, Redis, idp, signsvc, worker.

``stack`` is shared and nobody breaks it; ``stack_factory`` makes one of a test's own.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from tests.servers.key_process import ORIGIN, ROOT, RunningKeyProcess, activate

READY_WITHIN = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RegisteredClient:
    """A client system: its key, its seal, and the configuration file of its ``antin`` command."""

    client_id: str
    key: ECKey
    key_file: Path
    credential_id: str
    config: Path


class Stack:
    """The services as subprocesses. ``base_url`` is signsvc's, ``issuer`` idp's."""

    def __init__(
        self,
        directory: Path,
        devca: Any,
        redis_url: str,
        *,
        database_url: str = "",
        hsm_database_url: str = "",
        policy: str = "",
        **extra: str,
    ) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.devca = devca
        self.issuer = f"http://127.0.0.1:{free_port()}"
        self.base_url = f"http://127.0.0.1:{free_port()}"
        # Where people approve: a name, since a passkey's RP id is never an address.
        self.approval_url = self.base_url.replace("127.0.0.1", "localhost")
        anchors = directory / "anchors.pem"
        anchors.write_text(devca.root_pem)
        self.key_process = RunningKeyProcess(
            directory / "hsm",
            database_url=hsm_database_url,
            anchors=anchors,
            issuer=self.issuer,
            resource=self.base_url,
            policy=policy,
            HSM_WEBAUTHN_ORIGINS=json.dumps([ORIGIN, self.approval_url]),
        )
        self.environment = {
            **os.environ,
            "IDP_ISSUER": self.issuer,
            "IDP_PORT": self.issuer.rpartition(":")[2],
            "IDP_WORKERS": "1",
            "IDP_DATABASE_URL": f"sqlite:///{directory}/idp.sqlite3",
            "IDP_REDIS_URL": redis_url,
            "IDP_KEY_PROCESS": self.key_process.idp,
            "IDP_SIGNING_SERVICE": self.base_url,
            "IDP_CLIENT_CACHE_SECONDS": "0",
            "SIGNSVC_PORT": self.base_url.rpartition(":")[2],
            "SIGNSVC_WORKERS": "1",
            "SIGNSVC_ISSUER": self.issuer,
            "SIGNSVC_RESOURCE": self.base_url,
            "SIGNSVC_APPROVAL_URL": self.approval_url,
            "SIGNSVC_DATABASE_URL": database_url or f"sqlite:///{directory}/signsvc.sqlite3",
            "SIGNSVC_REDIS_URL": redis_url,
            "SIGNSVC_KEY_PROCESS": self.key_process.signsvc,
            "SIGNSVC_DOCUMENTS_DIR": str(directory / "documents"),
            "SIGNSVC_TSA_URLS": json.dumps([devca.tsa_url]),
            "SIGNSVC_STATUS_URLS": json.dumps([devca.base_url]),
            "SIGNSVC_TRUST_ANCHORS": str(anchors),
            "SIGNSVC_TSA_TRUST_ANCHORS": str(anchors),
            **extra,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start all of it and wait until everything is ready."""
        self.key_process.start()
        for profile in ("oidc-token",):
            made = self.key_process.perform(
                "create_credential",
                {"profile": profile, "holder": "idp", "description": "Khóa ký token MẪU", "training": True},
            )
            self.key_process.perform("activate_credential", {"credential_id": made["credential_id"]})
        self.run("idp", "migrate")
        self.run("signsvc", "migrate")
        for name in ("idp", "signsvc", "worker"):
            self.start_service(name)
        self.wait_ready()

    def start_service(self, name: str) -> None:
        package, command = ("signsvc", "worker") if name == "worker" else (name, "serve")
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", package, command],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN
        for url in (self.issuer, self.base_url):
            while not _ready(url):
                if time.monotonic() > until:
                    raise AssertionError(f"{url} is not ready:\n{self.logged()}")
                time.sleep(0.1)

    def stop_service(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        process = self.processes.pop(name, None)
        if process is not None:
            os.killpg(process.pid, how)
            process.wait(40)

    def stop(self) -> None:
        for name in list(self.processes):
            self.stop_service(name)
        self.key_process.stop()

    def logged(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in self.directory.glob("*.log")
        )

    def register(self, client_id: str, profile: str = "service-seal") -> RegisteredClient:
        """A client with a key, a seal certified by the development CA, and an antin configuration."""
        key = self.key_process.register_client(client_id)
        created = self.key_process.create_credential(profile, client_id)
        credential_id = activate(self.key_process, created, self.devca, profile.removesuffix("-rsa"))
        key_file = self.directory / f"{client_id}.jwk"
        key_file.touch(mode=0o600)
        key_file.write_text(json.dumps(key.as_dict(private=True)))
        public = self.directory / f"{client_id}.public.jwk"
        public.write_text(json.dumps(key.as_dict(private=False)))
        self.run(
            "idp", "clients", "add", client_id, "--name", "Một cửa MẪU", "--scope", "sign",
            "--resource", self.base_url, "--credential", credential_id, "--jwks", str(public),
        )  # fmt: skip
        config = self.directory / f"{client_id}.toml"
        config.write_text(
            f'default_profile = "t"\n[profiles.t]\nbase_url = "{self.base_url}"\nissuer = "{self.issuer}"\n'
            f'client_id = "{client_id}"\nkey_file = "{key_file}"\ncredential_id = "{credential_id}"\n'
            f'verifier_key = "{self.key_process.verifier_key}"\n'
        )
        return RegisteredClient(client_id, key, key_file, credential_id, config)

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stderr or done.stdout}"
        return done.stdout

    def antin(self, client: RegisteredClient, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command as a person runs it."""
        return subprocess.run(
            [sys.executable, "-m", "antin", *arguments],
            env={
                **os.environ,
                "ANTIN_CONFIG": str(client.config),
                "PYTHONPATH": str(ROOT / "clients" / "sdk"),
            },
            check=False, capture_output=True, text=True,
        )  # fmt: skip


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=3, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, devca: Any, redis_url: str) -> Iterator[Stack]:
    built = Stack(tmp_path_factory.mktemp("stack"), devca, redis_url)
    built.start()
    yield built
    built.stop()


@pytest.fixture(scope="session")
def one_stop(stack: Stack) -> RegisteredClient:
    """A one-stop system registered with the shared stack."""
    return stack.register("mot-cua")


@pytest.fixture
def stack_factory(tmp_path: Path, devca: Any) -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(redis_url: str, **options: Any) -> Stack:
        stack = Stack(tmp_path / f"stack-{len(made)}", devca, redis_url, **options)
        made.append(stack)
        stack.start()
        return stack

    yield make
    for stack in made:
        stack.stop()
