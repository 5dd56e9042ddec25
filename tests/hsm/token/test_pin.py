"""A wrong PIN is tried once."""

import shutil
from pathlib import Path

import pytest
from pkcs11 import TokenFlag

from hsm.errors import PinRejected, TokenUnavailable
from hsm.token.pin import check_tries_left
from hsm.token.provision import SOFTHSM
from hsm.token.token import Token
from tests.hsm.token.program import run_program
from tests.servers.softhsm import PIN, SoftHsmTokenFactory

SPY = Path("/usr/lib/x86_64-linux-gnu/pkcs11-spy.so")


def test_a_wrong_pin_makes_exactly_one_login(tmp_path: Path) -> None:
    assert SPY.exists(), "pkcs11-spy.so is missing: apt-get install opensc"
    factory = SoftHsmTokenFactory.below(tmp_path)
    label, pin_file, log = factory.fresh().token_label, tmp_path / "pin-in-use", tmp_path / "spy.log"
    shutil.copy(factory.pin_file, pin_file)
    lines = run_program(
        "wrong_pin", SPY, label, pin_file,
        environment={**factory.environment, "PKCS11SPY": str(SOFTHSM), "PKCS11SPY_OUTPUT": str(log)},
    )  # fmt: skip
    answers = [line["answer"] for line in lines if line["step"] == "wrong"]
    assert answers == ["PinRejected"] * 20
    assert lines[-1]["answer"] == "signed"
    logins = [call for call in log.read_text("utf-8", "replace").split("\n\n") if ": C_Login" in call]
    assert len(logins) == 3  # right, wrong once, right
    assert ["CKR_PIN_INCORRECT" in call for call in logins] == [False, True, False]


def test_a_signature_logs_in_and_searches_no_more(tmp_path: Path) -> None:
    factory = SoftHsmTokenFactory.below(tmp_path)
    log = tmp_path / "spy.log"
    lines = run_program(
        "signatures", SPY, factory.fresh().token_label, factory.pin_file,
        environment={**factory.environment, "PKCS11SPY": str(SOFTHSM), "PKCS11SPY_OUTPUT": str(log)},
    )  # fmt: skip
    assert lines[-1]["answer"] == 50
    calls = [line.split(": ")[1] for line in log.read_text("utf-8", "replace").splitlines() if ": C_" in line]
    hot = calls[calls.index("C_SignInit") :]
    assert hot[: 2 * 50] == ["C_SignInit", "C_Sign"] * 50


def test_a_wrong_pin_is_refused_at_the_start(softhsm_token: SoftHsmTokenFactory, tmp_path: Path) -> None:
    wrong = tmp_path / "pin"
    wrong.write_text("not-the-pin-777")
    settings = softhsm_token.fresh(pin_file=wrong)
    with pytest.raises(PinRejected) as refused:
        Token.open(settings)
    assert "not-the-pin-777" not in str(refused.value) + refused.value.detail


def test_a_pin_file_that_is_missing_is_named_without_its_content(
    softhsm_token: SoftHsmTokenFactory, tmp_path: Path
) -> None:
    with pytest.raises(TokenUnavailable) as refused:
        Token.open(softhsm_token.fresh(pin_file=tmp_path / "no-pin"))
    assert "no-pin" in refused.value.detail
    assert PIN not in refused.value.detail


def test_a_token_with_one_try_left_is_not_tried() -> None:
    check_tries_left(TokenFlag.USER_PIN_COUNT_LOW)
    for flag in (TokenFlag.USER_PIN_LOCKED, TokenFlag.USER_PIN_FINAL_TRY):
        with pytest.raises(PinRejected):
            check_tries_left(flag | TokenFlag.USER_PIN_COUNT_LOW)
