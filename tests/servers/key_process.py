"""A real key process on a SoftHSM token of its own: a subprocess reached over its unix sockets."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from antin.software_passkey import SoftwarePasskey
from joserfc import jws
from joserfc.jwk import ECKey

from hsm.administer import approve, draft
from hsm.client import Approval, KeyProcess

ROOT = Path(__file__).parents[2]
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
STARTS_WITHIN = 60.0
RP_ID, ORIGIN = "localhost", "http://localhost:8080"
PERSONAL = ("personal", "compatibility-scal1")  # profiles of people's credentials begin so


class RunningKeyProcess:
    """One key process with its token, database and two administrators.

    ``admin``, ``signsvc`` and ``idp`` are gRPC targets. ``issuer`` and ``resource`` are what its
    access-token approvals must name. ``vault``: whether its KEKs are made in a vault.
    """

    vault = False
    policy = ""  # of the ceremony's file
    rp_id, origin = RP_ID, ORIGIN
    counter: int | None = 0  # where the passkeys of its people begin to count

    def __init__(
        self,
        directory: Path,
        *,
        database_url: str = "",
        anchors: Path | None = None,
        issuer: str = "http://127.0.0.1:8081",
        resource: str = "http://127.0.0.1:8082",
        policy: str = "",
        **extra: str,
    ) -> None:
        self.policy = policy or self.policy
        self.directory = directory
        # A unix socket's path has 107 bytes at most; pytest's directories can be longer.
        self.sockets = Path(tempfile.mkdtemp(prefix="antin-"))
        self.issuer = issuer
        self.resource = resource
        self.process: subprocess.Popen[bytes] | None = None
        self.passkeys: dict[str, SoftwarePasskey] = {}
        self.admin, self.signsvc, self.idp = (
            f"unix:{self.sockets}/{name}.sock" for name in ("admin", "signsvc", "idp")
        )
        directory.mkdir(parents=True)
        self.conf = directory / "softhsm2.conf"
        for name in ("so-pin", "pin"):
            (directory / name).write_text(secrets.token_hex(8))
        self.admin_keys = [self._make_key(f"admin-{number}") for number in (1, 2)]
        self.database_url = database_url or f"sqlite:///{directory}/hsm.sqlite3"
        self.environment = {
            **os.environ,
            "SOFTHSM2_CONF": str(self.conf),
            "HSM_DATABASE_URL": self.database_url,
            "HSM_PIN_FILE": str(directory / "pin"),
            "HSM_TOKEN_LABEL": "an-tin-test",
            "HSM_SIGNSVC__ADDRESS": self.signsvc,
            "HSM_IDP__ADDRESS": self.idp,
            "HSM_ADMIN__ADDRESS": self.admin,
            "HSM_LAST_CHECKPOINT_FILE": str(directory / "last-checkpoint"),
            "HSM_ISSUER": self.issuer,
            "HSM_SIGNING_RESOURCE": self.resource,
            "HSM_TRAINING": "accept",
            # Outside training it does not start with this.
            "HSM_SOFTWARE_ADMINISTRATION": extra.get("HSM_TRAINING", "accept"),
            "HSM_WEBAUTHN_RP_ID": RP_ID,
            "HSM_WEBAUTHN_ORIGINS": json.dumps([ORIGIN]),
            **({"HSM_TRUST_ANCHORS": str(anchors)} if anchors else {}),
            **extra,
        }
        self.transcript = self._hold_ceremony()
        self.verifier_key: str = self.transcript["journal_verifier_key"]

    def start(self) -> None:
        """Start it and wait until its token signs."""
        self.log = (self.directory / "hsm.log").open("ab")
        self.process = subprocess.Popen(
            # A killed pytest must leave no key process behind.
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "hsm", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
        )
        until = time.monotonic() + STARTS_WITHIN
        client = KeyProcess(self.admin, deadline=2)
        try:
            while not client.healthy():
                if self.process.poll() is not None or time.monotonic() > until:
                    raise AssertionError("the key process did not start:\n" + self.logged())
                time.sleep(0.05)
        finally:
            client.close()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: as a power failure would."""
        self._end(signal.SIGKILL)

    def logged(self) -> str:
        return (self.directory / "hsm.log").read_text(errors="replace")[-4000:]

    def perform(
        self, action: str, parameters: dict[str, Any], *people: SoftwarePasskey, approvers: int = 2
    ) -> dict[str, Any]:
        """Have an administrative act done that the administrators approved, and these people."""
        act = draft(action, parameters, now=int(datetime.now(UTC).timestamp()))
        approvals = [approve(act, key) for key in self.admin_keys[:approvers]]
        client = KeyProcess(self.admin)
        try:
            return client.perform(act, approvals + [Approval(**person.approve(act)) for person in people])
        finally:
            client.close()

    def register_client(self, client_id: str) -> ECKey:
        """A new key with which this client approves acts."""
        key = ECKey.generate_key("P-256")
        self.perform("register_client_key", {"client_id": client_id, "jwk": key.as_dict(private=False)})
        return key

    def enrol_person(self, person_id: str) -> SoftwarePasskey:
        """Register a person with a new software passkey."""
        self.perform("register_person", {"person_id": person_id})
        passkey = SoftwarePasskey.new(self.rp_id, self.origin, counter=self.counter)
        self.enrol_passkey(person_id, passkey)
        return passkey

    def enrol_passkey(
        self, person_id: str, passkey: SoftwarePasskey, *, approvers: int = 2
    ) -> dict[str, Any]:
        now = int(datetime.now(UTC).timestamp())
        invitation = draft("invite_passkey", {"person_id": person_id}, now=now)
        registration = passkey.register(invitation)
        enrolled = self.perform(
            "enrol_passkey",
            {"person_id": person_id, "invitation": invitation.decode(), "registration": registration},
            approvers=approvers,
        )
        self.passkeys[person_id] = passkey
        return enrolled

    def create_credential(
        self,
        profile: str,
        holder: str,
        *,
        training: bool = True,
        passkey: SoftwarePasskey | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """A person approves their key too: by ``passkey``, or by the one they have or get here.

        ``more``: other parameters of the act.
        """
        people = []
        if profile.startswith(PERSONAL):
            people = [passkey or self.passkeys.get(holder) or self.enrol_person(holder)]
        return self.perform(
            "create_credential",
            {
                "profile": profile,
                "holder": holder,
                "description": f"Con dấu MẪU của {holder}",
                "subject": {"CN": f"MẪU - {holder}", "O": "Cơ quan MẪU", "C": "VN"},
                "training": training,
                **more,
            },
            *people,
        )

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(30)
        self.process = None
        self.log.close()

    def _make_key(self, name: str) -> Path:
        key = ECKey.generate_key("P-256")
        private = self.directory / f"{name}.jwk"
        private.write_text(json.dumps(key.as_dict(private=True)))
        (self.directory / f"{name}.public.jwk").write_text(json.dumps(key.as_dict(private=False)))
        return private

    def _hold_ceremony(self) -> dict[str, Any]:
        admins = "".join(
            f'[[admins]]\nid = "admin-{n}"\nname = "Quản trị MẪU {n}"\n'
            f'jwk = "{self.directory}/admin-{n}.public.jwk"\n'
            for n in (1, 2)
        )
        file = self.directory / "ceremony.toml"
        vault = f'[vault]\nlabel = "an-tin-vault"\npin_file = "{self.directory}/vault-pin"\n'
        (self.directory / "vault-pin").write_text(secrets.token_hex(8))
        file.write_text(
            f'[token]\nvendor = "softhsm"\nmodule = "{MODULE}"\nlabel = "an-tin-test"\n'
            f'softhsm_conf = "{self.conf}"\n'
            f'so_pin_file = "{self.directory}/so-pin"\npin_file = "{self.directory}/pin"\n'
            f'[journal]\norigin = "antin.local/journal"\n'
            f'[store]\ndatabase_url = "{self.database_url}"\n[keks]\npersonal = "kek-1"\n{admins}'
            + (vault if self.vault else "")
            + self.policy
        )
        held = subprocess.run(
            [sys.executable, "-m", "hsm", "--json", "ceremony", str(file)],
            cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert held.returncode == 0, f"the ceremony failed (Debian package softhsm2?):\n{held.stderr}"
        transcript: dict[str, Any] = json.loads(held.stdout)
        return transcript


def client_jws(act: bytes, key: ECKey) -> Approval:
    """A client's approval of exactly these bytes."""
    header = {"alg": "ES256", "kid": key.thumbprint(), "typ": "antin-act+jws"}
    return Approval("client_jws", jws.serialize_compact(header, act, key, algorithms=["ES256"]))


def activate(key_process: RunningKeyProcess, credential: dict[str, Any], devca: Any, profile: str) -> str:
    """Have the development CA certify the credential's request, and activate it."""
    chain = devca.issue(credential["csr"], profile)
    key_process.perform("activate_credential", {"credential_id": credential["credential_id"], "chain": chain})
    return str(credential["credential_id"])


@pytest.fixture(scope="session")
def key_process(tmp_path_factory: pytest.TempPathFactory, devca: Any) -> Iterator[RunningKeyProcess]:
    """A key process that tests share; none of them breaks it."""
    directory = tmp_path_factory.mktemp("hsm")
    anchors = directory / "anchors.pem"
    anchors.write_text(httpx.get(f"{devca.base_url}/root.pem").text)
    running = RunningKeyProcess(directory / "kp", anchors=anchors)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_key_process(tmp_path: Path, devca: Any) -> Iterator[RunningKeyProcess]:
    """A key process of the test's own, to kill and starve."""
    anchors = tmp_path / "anchors.pem"
    anchors.write_text(httpx.get(f"{devca.base_url}/root.pem").text)
    running = RunningKeyProcess(tmp_path / "kp", anchors=anchors)
    running.start()
    yield running
    running.stop()
