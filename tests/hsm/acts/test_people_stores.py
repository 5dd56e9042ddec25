"""What people's approvals promise holds on SQLite and on PostgreSQL, and for two key processes on one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest

from hsm import people
from hsm.acts.approval import Approval
from hsm.errors import ApprovalRefused, GrantRefused
from hsm.token.token import Token
from policies.model import ActionName
from tests.hsm.acts.conftest import NOW, to_sign
from tests.hsm.acts.people import PeopleHouse


@pytest.fixture(params=["sqlite", "postgresql"])
def any_house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_url: Callable[[], str], sealer: Token
) -> Iterator[PeopleHouse]:
    url = f"sqlite:///{tmp_path}/any.sqlite3" if request.param == "sqlite" else postgres_url()
    built = PeopleHouse(url, sealer)
    yield built
    built.close()


def test_a_clone_is_suspended_and_a_replay_is_not(any_house: PeopleHouse) -> None:
    passkey = any_house.enrol_passkey(counter=7)
    clone = replace(passkey)
    act = any_house.act()
    approval = passkey.approve(act.encode())
    assert any_house.sign(act, approval)
    with pytest.raises(GrantRefused):
        any_house.sign(act, approval)
    assert any_house.stored(passkey).state == "active"
    with pytest.raises(ApprovalRefused):
        any_house.sign_by(clone)
    assert any_house.stored(passkey).state == "suspended"


def test_tries_are_counted_and_passwords_spent(any_house: PeopleHouse) -> None:
    handed = any_house.perform(ActionName.SET_PIN_OTP, {"person_id": "an"})
    totp = pyotp.parse_uri(handed["otpauth"])
    assert isinstance(totp, pyotp.TOTP)

    def sign(pin: str) -> object:
        act = any_house.act()
        approval = Approval("pin_otp", f'{{"pin":"{pin}","otp":"{totp.at(NOW)}"}}')
        return any_house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)

    assert sign(handed["pin"])
    for _ in range(6):
        with pytest.raises(ApprovalRefused):
            sign(handed["pin"])  # spent; and each try counts
    with any_house.database.reading() as connection:
        found = people.find_factor(connection, "an")
    assert found is not None
    assert found.failures == 5
