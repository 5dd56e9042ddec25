"""Invariant 3: whoever holds all that signsvc holds gets no signature that nobody approved.

The attacker here has signsvc's settings, its database, its documents, its socket to the key process,
and access tokens of other clients, as they pass through the web process.
"""

import base64
import hashlib
import json
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from joserfc import jws
from joserfc.jwk import ECKey

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.acts.signed_attributes import minimal_attributes
from hsm.algorithms import SignatureAlgorithm
from hsm.api import hsm_pb2, hsm_pb2_grpc
from hsm.client import Approval, HsmError, Item, KeyProcess
from tests.servers.stack import RegisteredClient, Stack

SAMPLES = Path(__file__).parents[1] / "samples"
EVIL = hashlib.sha256(b"a document that nobody approved").digest()


class Attacker:
    """What signsvc holds, in the wrong hands."""

    def __init__(self, stack: Stack, victim: RegisteredClient) -> None:
        self.stack, self.victim = stack, victim
        self.key_process = KeyProcess(stack.environment["SIGNSVC_KEY_PROCESS"])
        certificate = self.key_process.credential(victim.credential_id).certificates[0]
        thumbprint = x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256())
        self.items = [Item(signed_attributes=minimal_attributes(EVIL, thumbprint))]

    def act(self, source: bytes = b"", kind: str = "prepared") -> bytes:
        moment = int(time.time())
        item = ActItem(EVIL, "Giấy mời", kind, source)  # type: ignore[arg-type]
        return SignAct(
            new_act_id(), self.victim.client_id, self.victim.credential_id, SignatureAlgorithm.ES256,
            (item,), moment, moment + 300,
        ).encode()  # fmt: skip

    def try_sign(self, act: bytes, approval: Approval, items: list[Item] | None = None) -> None:
        with pytest.raises(HsmError):
            self.key_process.sign(items or self.items, act=act, approval=approval)

    def token(self, *arguments: str) -> str:
        done = self.stack.antin(self.victim, "token", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def attacker(stack: Stack, one_stop: RegisteredClient) -> Any:
    built = Attacker(stack, one_stop)
    yield built
    built.key_process.close()


def test_a_key_of_its_own_approves_nothing(attacker: Attacker) -> None:
    act = attacker.act()
    own = ECKey.generate_key("P-256")
    for kid in (own.thumbprint(), attacker.victim.key.thumbprint()):
        header = {"alg": "ES256", "kid": kid, "typ": "antin-act+jws"}
        attacker.try_sign(
            act, Approval("client_jws", jws.serialize_compact(header, act, own, algorithms=["ES256"]))
        )
    for kind in ("client_jws", "access_token", "admin_jws", "trust_line", "passkey", ""):
        attacker.try_sign(act, Approval(kind, ""))


def test_a_token_of_another_client_without_a_document_signs_nothing(attacker: Attacker) -> None:
    attacker.try_sign(attacker.act(EVIL), Approval("access_token", attacker.token()))


def test_a_token_for_one_document_signs_no_other(attacker: Attacker) -> None:
    token = attacker.token("--file", str(SAMPLES / "phu-luc.pdf"))
    attacker.try_sign(attacker.act(EVIL), Approval("access_token", token))
    attacker.try_sign(attacker.act(), Approval("access_token", token))


def test_a_token_that_was_used_is_spent(attacker: Attacker, tmp_path: Path) -> None:
    sample = SAMPLES / "quyet-dinh.pdf"
    token = attacker.token("--file", str(sample))
    url = f"{attacker.stack.base_url}/v1/sign?credential_id={attacker.victim.credential_id}&level=B-B"
    subprocess.run(
        ["curl", "-sSf", "-o", str(tmp_path / "out.pdf"), "-H", f"Authorization: Bearer {token}",
         "-H", "Content-Type: application/pdf", "--data-binary", f"@{sample}", url],
        check=True,
    )  # fmt: skip
    source = hashlib.sha256(sample.read_bytes()).digest()
    attacker.try_sign(attacker.act(source), Approval("access_token", token))


def test_approvals_that_passed_through_are_spent_and_bound(attacker: Attacker, tmp_path: Path) -> None:
    """A real approval, seen by the web process, signs neither again nor anything else."""
    digest = hashlib.sha256(b"approved").digest()
    moment = int(time.time())
    act = SignAct(
        new_act_id(), attacker.victim.client_id, attacker.victim.credential_id, SignatureAlgorithm.ES256,
        (ActItem(digest, "x", "dtbsr"),), moment, moment + 300,
    ).encode()  # fmt: skip
    header = {"alg": "ES256", "kid": attacker.victim.key.thumbprint(), "typ": "antin-act+jws"}
    approval = Approval(
        "client_jws", jws.serialize_compact(header, act, attacker.victim.key, algorithms=["ES256"])
    )
    attacker.try_sign(act, approval, [Item(digest=EVIL)])
    attacker.try_sign(act, approval)
    attacker.try_sign(attacker.act(kind="dtbsr"), approval, [Item(digest=EVIL)])
    attacker.key_process.sign([Item(digest=digest)], act=act, approval=approval)
    attacker.try_sign(act, approval, [Item(digest=digest)])


def test_its_database_holds_no_key_no_token_no_approval(attacker: Attacker, tmp_path: Path) -> None:
    signed = tmp_path / "signed.pdf"
    done = attacker.stack.antin(
        attacker.victim,
        "sign",
        str(SAMPLES / "quyet-dinh.pdf"),
        "-o",
        str(signed),
        "--level",
        "B-B",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    path = attacker.stack.environment["SIGNSVC_DATABASE_URL"].removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        dump = "\n".join(database.iterdump())
    pin = (attacker.stack.key_process.directory / "pin").read_text().strip()
    for secret in (pin, "PRIVATE KEY", '"d":'):
        assert secret not in dump
    # A stored approval is of no use, being spent; a stored access token would be of use elsewhere.
    assert "at+jwt" not in dump
    assert base64.urlsafe_b64encode(b'{"alg":"ES256","typ":"at+jwt"').decode()[:20] not in dump


def test_the_other_services_are_not_on_its_socket(attacker: Attacker) -> None:
    with grpc.insecure_channel(attacker.stack.environment["SIGNSVC_KEY_PROCESS"]) as channel:
        for call, request in (
            (
                hsm_pb2_grpc.TokensStub(channel).SignToken,
                hsm_pb2.SignTokenRequest(kid="x", signing_input=b"a.b"),
            ),
            (hsm_pb2_grpc.AdministrationStub(channel).Perform, hsm_pb2.PerformRequest(act=b"{}")),
        ):
            with pytest.raises(grpc.RpcError):
                call(request, timeout=5)


def test_guessed_sads_are_refused(attacker: Attacker) -> None:
    for sad in ("", "x", "A" * 43, json.dumps({})):
        with pytest.raises(HsmError):
            attacker.key_process.sign([Item(digest=EVIL)], sad=sad)


def test_no_pin_token_or_approval_is_in_any_log(
    stack: Stack, one_stop: RegisteredClient, tmp_path: Path
) -> None:
    """Invariant 10, after all that the other tests did to this stack."""
    token = stack.antin(one_stop, "token", "--file", str(SAMPLES / "phu-luc.pdf")).stdout.strip()
    url = f"{stack.base_url}/v1/sign?credential_id={one_stop.credential_id}&level=B-B"
    subprocess.run(
        ["curl", "-sS", "-o", str(tmp_path / "o"), "-H", f"Authorization: Bearer {token}",
         "-H", "Content-Type: application/pdf", "--data-binary", f"@{SAMPLES}/phu-luc.pdf", url],
        check=True,
    )  # fmt: skip
    logs = [*stack.directory.glob("*.log"), *stack.key_process.directory.glob("*.log")]
    assert len(logs) >= 3
    pin = (stack.key_process.directory / "pin").read_text().strip()
    for log in logs:
        text = log.read_text(errors="replace")
        assert pin not in text
        assert token not in text
        assert "eyJ" not in text, f"something like a JWS is in {log.name}"
