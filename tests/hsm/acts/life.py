"""A key process with people in it, for the tests of credentials' lives."""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from antin.software_passkey import SoftwarePasskey
from cryptography import x509
from joserfc.jwk import ECKey

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.administer import approve, draft
from hsm.algorithms import SignatureAlgorithm
from hsm.client import Approval, Item, KeyProcess, Signed
from hsm.policy_client import PolicyClient
from policies.bundle import parse_bundle
from tests.hsm.acts.rebuilt import check_rebuilt
from tests.servers.key_process import ROOT, STARTS_WITHIN, RunningKeyProcess, activate, client_jws

RP_ID = "ky.test"
ORIGIN = "https://ban-lam-viec.ky.test"
WEBAUTHN = {"HSM_WEBAUTHN_RP_ID": RP_ID, "HSM_WEBAUTHN_ORIGINS": json.dumps([ORIGIN])}


class LifeProcess(RunningKeyProcess):
    """A key process, and what the tests of lives ask of it."""

    devca: Any
    rp_id, origin = RP_ID, ORIGIN
    counter = None

    def perform_with(
        self,
        action: str,
        parameters: dict[str, Any],
        *people: SoftwarePasskey,
        admins: tuple[int, ...] = (0, 1),
    ) -> dict[str, Any]:
        """An act that these people approve beside the administrators."""
        act = draft(action, parameters, now=int(datetime.now(UTC).timestamp()))
        approvals = [approve(act, self.admin_keys[number]) for number in admins]
        approvals += [Approval(**person.approve(act)) for person in people]
        client = KeyProcess(self.admin)
        try:
            return client.perform(act, approvals)
        finally:
            client.close()

    def active(self, profile: str, holder: str, **more: Any) -> str:
        """The id of a new credential of this profile, ready to sign."""
        created = self.create_credential(profile, holder, **more)
        return activate(self, created, self.devca, profile)

    def sign(
        self, credential_id: str, client_id: str, key: ECKey, *, target: str = "", lasts: int = 300
    ) -> Signed:
        """One signature by a client's approval."""
        moment, digest = int(time.time()), hashlib.sha256(new_act_id().encode()).digest()
        act = SignAct(
            new_act_id(), client_id, credential_id, SignatureAlgorithm.ES256,
            (ActItem(digest, "MẪU", "dtbsr"),), moment, moment + lasts,
        ).encode()  # fmt: skip
        client = KeyProcess(target or self.signsvc)
        try:
            return client.sign([Item(digest=digest)], act=act, approval=client_jws(act, key))[0]
        finally:
            client.close()

    def sign_as(self, credential_id: str, person_id: str, passkey: SoftwarePasskey) -> Signed:
        """One signature by a person's passkey."""
        moment, digest = int(time.time()), hashlib.sha256(new_act_id().encode()).digest()
        act = SignAct(
            new_act_id(), "ban-lam-viec", credential_id, SignatureAlgorithm.ES256,
            (ActItem(digest, "MẪU", "dtbsr"),), moment, moment + 300,
        ).encode()  # fmt: skip
        client = KeyProcess(self.signsvc)
        try:
            return client.sign([Item(digest=digest)], act=act, approval=Approval(**passkey.approve(act)))[0]
        finally:
            client.close()

    def check_journal(self) -> Counter[str]:
        """Every act that was done comes back from its leaf as it was decided; how many of each kind."""
        client = PolicyClient(self.admin)
        try:
            entries = (orjson.loads(entry) for _, entry in client.export(0, 1_000_000))
            return check_rebuilt(entries, lambda number: parse_bundle(client.bundle(version=number)[1]))
        finally:
            client.close()

    def state(self, credential_id: str) -> str:
        client = KeyProcess(self.admin)
        try:
            return client.credential(credential_id).state
        finally:
            client.close()


class VaultProcess(LifeProcess):
    """One whose KEKs are made in a vault."""

    vault = True


def started(directory: Path, devca: Any, kind: type[LifeProcess] = LifeProcess, **extra: str) -> LifeProcess:
    """A key process with its token and administrators below this directory, ready."""
    directory.mkdir(parents=True, exist_ok=True)
    anchors = directory / "anchors.pem"
    anchors.write_text(httpx.get(f"{devca.base_url}/root.pem").text)
    running = kind(directory / "kp", anchors=anchors, **WEBAUTHN, **extra)
    running.devca = devca
    running.start()
    return running


@contextmanager
def second_process(first: LifeProcess) -> Iterator[str]:
    """Another key process on the same token and database; its target for signsvc."""
    folder = Path(tempfile.mkdtemp(prefix="antin-"))
    target = f"unix:{folder}/signsvc.sock"
    environment = {
        **first.environment,
        "HSM_SIGNSVC__ADDRESS": target,
        "HSM_ADMIN__ADDRESS": f"unix:{folder}/admin.sock",
        "HSM_IDP__ADDRESS": f"unix:{folder}/idp.sock",
        "HSM_LAST_CHECKPOINT_FILE": str(folder / "last-checkpoint"),
    }
    shutil.copy(first.environment["HSM_LAST_CHECKPOINT_FILE"], folder / "last-checkpoint")
    log = (folder / "hsm.log").open("wb")
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "hsm", "serve"],
        cwd=ROOT, env=environment, stdout=log, stderr=log,
    )  # fmt: skip
    client = KeyProcess(target, deadline=2)
    try:
        until = time.monotonic() + STARTS_WITHIN
        while not client.healthy():
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError((folder / "hsm.log").read_text())
            time.sleep(0.05)
        yield target
    finally:
        client.close()
        process.terminate()
        process.wait(30)
        log.close()


def certificates(process: LifeProcess, credential_id: str) -> list[x509.Certificate]:
    """The credential's chain, the signer's first."""
    client = KeyProcess(process.admin)
    try:
        found = client.credential(credential_id).certificates
        return [x509.load_der_x509_certificate(one) for one in found]
    finally:
        client.close()
