"""The software passkey speaks WebAuthn as a foreign verifier (py_webauthn) reads it."""

import base64
import hashlib
import json
import stat
from pathlib import Path

import pytest
from antin.command.app import app
from antin.errors import ConfigError
from antin.software_passkey import (
    AAGUID,
    Algorithm,
    SoftwarePasskey,
    read_software_passkey,
    write_software_passkey,
)
from typer.testing import CliRunner
from webauthn import verify_authentication_response, verify_registration_response

from tests.clients.sdk.standin import StandIn

RP_ID, ORIGIN = "ky.test", "https://ky.test"


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_its_registration_and_assertion_verify(algorithm: Algorithm) -> None:
    passkey = SoftwarePasskey.new(RP_ID, ORIGIN, algorithm=algorithm, counter=0)
    registered = verify_registration_response(
        credential=passkey.register(b"invitation"),
        expected_challenge=hashlib.sha256(b"invitation").digest(),
        expected_rp_id=RP_ID, expected_origin=ORIGIN, require_user_verification=True,
    )  # fmt: skip
    assert registered.aaguid.replace("-", "") == AAGUID.hex()
    assert len(AAGUID) == 16
    approval = passkey.approve(b"act")
    assert approval["kind"] == "passkey"
    verified = verify_authentication_response(
        credential=json.loads(approval["evidence"]), expected_challenge=hashlib.sha256(b"act").digest(),
        expected_rp_id=RP_ID, expected_origin=ORIGIN, require_user_verification=True,
        credential_public_key=registered.credential_public_key, credential_current_sign_count=0,
    )  # fmt: skip
    assert verified.new_sign_count == 1


def test_its_file_is_private_says_what_it_is_and_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "passkey.json"
    made = CliRunner().invoke(app, ["passkey", "new", str(file), "--rp-id", RP_ID, "--origin", ORIGIN])
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "MẪU" in file.read_text()
    passkey = read_software_passkey(file)
    assert "private" not in repr(passkey).lower()
    again = CliRunner().invoke(app, ["passkey", "new", str(file), "--rp-id", RP_ID, "--origin", ORIGIN])
    assert again.exit_code != 0
    assert read_software_passkey(file).credential_id == passkey.credential_id


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"private_key": "secret"}'])
def test_a_file_that_is_no_passkey_is_refused_without_being_quoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "no.json"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_software_passkey(file)
    assert "secret" not in f"{refused.value} {refused.value.detail}"


def test_sign_hands_in_the_passkeys_approval_in_place_of_the_clients(
    config: Path, service: StandIn, document: Path, tmp_path: Path
) -> None:
    file = tmp_path / "passkey.json"
    write_software_passkey(SoftwarePasskey.new(RP_ID, ORIGIN), file)
    runner = CliRunner(env={"ANTIN_CONFIG": str(config)})
    arguments = ["sign", str(document), "-o", str(tmp_path / "ra.pdf"), "--passkey", str(file), "--json"]
    done = runner.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    act = service.signatures[json.loads(done.stdout)["signature_id"]]["act"]
    client_data = json.loads(service.approvals[-1])["response"]["clientDataJSON"]
    challenge = json.loads(base64.urlsafe_b64decode(client_data + "=="))["challenge"]
    assert base64.urlsafe_b64decode(challenge + "==") == hashlib.sha256(act).digest()
    assert runner.invoke(app, [*arguments, "--one-call"]).exit_code == 3


def test_an_invitation_is_answered_by_a_file(tmp_path: Path) -> None:
    file, invitation, output = (tmp_path / name for name in ("passkey.json", "invitation.json", "out.json"))
    write_software_passkey(SoftwarePasskey.new(RP_ID, ORIGIN), file)
    invitation.write_bytes(b'{"an":"act"}')
    done = CliRunner().invoke(app, ["passkey", "register", str(file), str(invitation), "-o", str(output)])
    assert done.exit_code == 0, done.output
    verify_registration_response(
        credential=json.loads(output.read_text()),
        expected_challenge=hashlib.sha256(invitation.read_bytes()).digest(),
        expected_rp_id=RP_ID, expected_origin=ORIGIN, require_user_verification=True,
    )  # fmt: skip
