"""A person signs through everything: the client's command prepares, the person's own proof approves."""

import base64
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pyotp
import pytest
from antin import Client, load_key
from antin.errors import AntinError
from antin.software_passkey import read_software_passkey

from hsm.administer import draft
from tests.servers.key_process import ORIGIN, RP_ID, activate
from tests.servers.stack import RegisteredClient, Stack

SAMPLE = Path(__file__).parents[1] / "samples" / "quyet-dinh.pdf"
PERSON = "nguyen-van-mau"


@pytest.fixture(scope="module")
def passkey_file(stack: Stack, one_stop: RegisteredClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made and registered by the command, enrolled by two administrators."""
    directory = tmp_path_factory.mktemp("passkey")
    file, invitation, registration = (directory / name for name in ("an.json", "invitation", "registration"))
    made = stack.antin(one_stop, "passkey", "new", str(file), "--rp-id", RP_ID, "--origin", ORIGIN)
    assert made.returncode == 0, made.stderr
    invitation.write_bytes(draft("invite_passkey", {"person_id": PERSON}, now=int(time.time())))
    done = stack.antin(one_stop, "passkey", "register", str(file), str(invitation), "-o", str(registration))
    assert done.returncode == 0, done.stderr
    stack.key_process.perform("register_person", {"person_id": PERSON})
    told = stack.key_process.perform(
        "enrol_passkey",
        {
            "person_id": PERSON,
            "invitation": invitation.read_text(),
            "registration": json.loads(registration.read_text()),
        },
    )
    assert told["software"] is True
    return file


@pytest.fixture(scope="module")
def credential_id(stack: Stack, passkey_file: Path) -> str:
    passkey = read_software_passkey(passkey_file)
    created = stack.key_process.create_credential("personal", PERSON, passkey=passkey)
    return activate(stack.key_process, created, stack.devca, "personal")


def test_a_person_signs_by_the_command_with_a_passkey(
    stack: Stack, one_stop: RegisteredClient, passkey_file: Path, credential_id: str, tmp_path: Path
) -> None:
    signed = tmp_path / "signed.pdf"
    done = stack.antin(
        one_stop, "sign", str(SAMPLE), "-o", str(signed), "--level", "B-T", "--credential", credential_id,
        "--passkey", str(passkey_file), "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + stack.logged()
    checked = stack.antin(one_stop, "verify", str(signed), "--json")
    assert json.loads(checked.stdout)["verdict"] == "TOTAL_PASSED", checked.stdout
    entry = json.loads(base64.b64decode(json.loads(done.stdout)["receipt"]["entry"]))
    assert entry["approval"]["kind"] == "passkey"
    assert (entry["credential"], entry["client"]) == (credential_id, one_stop.client_id)


def test_the_client_alone_signs_nothing_for_the_person(
    stack: Stack, one_stop: RegisteredClient, passkey_file: Path, credential_id: str, tmp_path: Path
) -> None:
    signed = tmp_path / "signed.pdf"
    for more in ((), ("--one-call",)):
        done = stack.antin(
            one_stop, "sign", str(SAMPLE), "-o", str(signed), "--level", "B-B",
            "--credential", credential_id, *more,
        )  # fmt: skip
        assert done.returncode == 5, done.stdout + done.stderr
    assert not signed.exists()


def test_a_stolen_software_passkey_of_nobody_signs_nothing(
    stack: Stack, one_stop: RegisteredClient, credential_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "own.json"
    stack.antin(one_stop, "passkey", "new", str(file), "--rp-id", RP_ID, "--origin", ORIGIN)
    done = stack.antin(
        one_stop, "sign", str(SAMPLE), "-o", str(tmp_path / "signed.pdf"), "--level", "B-B",
        "--credential", credential_id, "--passkey", str(file),
    )  # fmt: skip
    assert done.returncode == 5, done.stdout + done.stderr


def test_a_persons_key_is_made_by_the_commands_when_that_person_approved(
    stack: Stack, one_stop: RegisteredClient, passkey_file: Path, tmp_path: Path
) -> None:
    parameters = {
        "profile": "personal", "holder": PERSON, "description": "MẪU", "training": True,
        "subject": {"CN": "MẪU", "O": "Cơ quan MẪU", "C": "VN"},
    }  # fmt: skip
    act, approval = tmp_path / "act.json", tmp_path / "an.json"
    approvers = [part for key in stack.key_process.admin_keys for part in ("--key", str(key))]
    stack.run("hsm", "act", "create_credential", "--parameters", json.dumps(parameters), "-o", str(act))
    secret = tmp_path / "issue-secret"
    secret.write_text(stack.devca.secret)
    enrol = [
        "hsm", "--json", "enrol", "--authority", "devca", "--url", stack.devca.base_url, "--act", str(act),
        "--secret-file", str(secret), "--socket", stack.key_process.admin, *approvers,
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="PolicyRefused"):
        stack.run(*enrol)
    done = stack.antin(one_stop, "passkey", "approve", str(passkey_file), str(act), "-o", str(approval))
    assert done.returncode == 0, done.stderr
    assert "create_credential" in done.stdout
    assert json.loads(stack.run(*enrol, "--approval", str(approval)))["state"] == "active"


class PinAndOtp:
    """An approver for the SDK: what a page asks the person for."""

    def __init__(self, pin: str, otp: str) -> None:
        self.evidence = json.dumps({"pin": pin, "otp": otp})

    def approve(self, _act: bytes) -> dict[str, str]:
        return {"kind": "pin_otp", "evidence": self.evidence}


def test_a_person_signs_by_pin_and_one_time_password_and_no_service_keeps_them(
    stack: Stack, one_stop: RegisteredClient, passkey_file: Path, credential_id: str
) -> None:
    handed = stack.key_process.perform("set_pin_otp", {"person_id": PERSON})
    totp: Any = pyotp.parse_uri(handed["otpauth"])
    otp = totp.now()
    with Client(
        stack.base_url, stack.issuer, one_stop.client_id, load_key(one_stop.key_file),
        verifier_key=stack.key_process.verifier_key,
    ) as client:  # fmt: skip
        approver = PinAndOtp(handed["pin"], otp)
        signed = client.sign_document(SAMPLE, credential_id, "B-B", approver=approver)
        assert signed.content
        with pytest.raises(AntinError):
            client.sign_document(SAMPLE, credential_id, "B-B", approver=approver)
    written = stack.logged()
    for database in stack.directory.glob("*.sqlite3"):
        with sqlite3.connect(database) as connection:
            written += "\n".join(connection.iterdump())
    assert PERSON not in stack.logged()
    for secret in (handed["pin"], totp.secret, f'"{otp}"'):
        assert secret not in written
