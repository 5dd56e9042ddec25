"""What a person is handed: random, sealed for that person, told once."""

import base64
import re
from datetime import UTC, datetime

import pyotp
import pytest

from hsm.acts.factors import FACTORS_KEY, Secrets, new_factor, open_factor
from hsm.errors import MechanismRefused
from hsm.token.token import Token


def test_what_is_handed_out_is_random_and_opens_for_its_person_only(sealer: Token) -> None:
    made = [new_factor(sealer, "an") for _ in range(5)]
    assert len({handed.pin for _, handed in made}) == len({handed.otpauth for _, handed in made}) == 5
    for sealed, handed in made:
        assert re.fullmatch(r"\d{8}", handed.pin)
        totp = pyotp.parse_uri(handed.otpauth)
        assert len(totp.byte_secret()) == 20
        assert (totp.name, totp.issuer) == ("an", "Ấn Tín")
        opened = open_factor(sealer, FACTORS_KEY, sealed, "an")
        assert opened.totp == totp.secret
        assert opened.pin_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert opened.matches(handed.pin)
        assert not opened.matches(handed.pin + "0")
        assert handed.pin.encode() not in sealed
        with pytest.raises(MechanismRefused):
            open_factor(sealer, FACTORS_KEY, sealed, "binh")


def test_one_time_passwords_are_those_of_rfc_6238() -> None:
    """Appendix B, SHA-1, cut to six digits."""
    secrets = Secrets("", base64.b32encode(b"12345678901234567890").decode())
    cases = ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130"))
    for seconds, otp in cases:
        assert secrets.find_step(otp, datetime.fromtimestamp(seconds, UTC)) == seconds // 30
