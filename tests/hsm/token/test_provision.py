"""Tokens are made once, with PINs that nobody else sees."""

from pathlib import Path

import pytest

from hsm.errors import TokenError
from hsm.token.provision import make_softhsm_token
from hsm.token.vendors import get_vendor
from tests.servers.softhsm import SoftHsmTokenFactory


def test_a_token_is_made_once(tmp_path: Path) -> None:
    factory = SoftHsmTokenFactory.below(tmp_path)
    pins = {"so_pin_file": tmp_path / "so-pin", "pin_file": factory.pin_file}
    assert make_softhsm_token(factory.conf, "the office", **pins)
    assert not make_softhsm_token(factory.conf, "the office", **pins)
    assert make_softhsm_token(factory.conf, "another", **pins)
    assert len(list(factory.tokens.iterdir())) == 2
    assert factory.tokens.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("pin", ["123", "9" * 256])
def test_a_pin_of_a_wrong_length_is_refused_unseen(tmp_path: Path, pin: str) -> None:
    factory = SoftHsmTokenFactory.below(tmp_path)
    factory.pin_file.write_text(pin)
    with pytest.raises(TokenError, match="4 to 255 bytes") as refused:
        make_softhsm_token(factory.conf, "t", so_pin_file=tmp_path / "so-pin", pin_file=factory.pin_file)
    assert pin not in str(refused.value).replace(str(factory.pin_file), "") + refused.value.detail


def test_a_missing_module_or_pin_file_is_named(tmp_path: Path) -> None:
    factory = SoftHsmTokenFactory.below(tmp_path)
    pins = {"so_pin_file": tmp_path / "so-pin", "pin_file": tmp_path / "nothing"}
    with pytest.raises(TokenError, match="nothing"):
        make_softhsm_token(factory.conf, "t", **pins)
    with pytest.raises(TokenError, match="apt-get install softhsm2"):
        make_softhsm_token(factory.conf, "t", module=Path("/nowhere.so"), **pins)


def test_an_unknown_vendor_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TokenError, match="softhsm"):
        get_vendor("acme")
