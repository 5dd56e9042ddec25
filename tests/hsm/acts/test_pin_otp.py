"""PIN and one-time password: five tries, counted before they are made; each password once."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hsm import people
from hsm.acts.act import SignAct
from hsm.acts.approval import Approval
from hsm.acts.factors import Secrets
from hsm.acts.pin_otp import MAX_ATTEMPTS, REFUSAL
from hsm.acts.sign import MadeSignature
from hsm.errors import (
    ActMalformed,
    ApprovalRefused,
    MechanismRefused,
    PolicyRefused,
    StoreUnavailable,
    TokenUnavailable,
)
from hsm.token.token import Token
from policies.model import ActionName
from tests.hsm.acts.conftest import NOW, to_sign
from tests.hsm.acts.people import PeopleHouse


@dataclass
class Factor:
    """What a person was handed."""

    house: PeopleHouse
    person_id: str
    pin: str
    totp: pyotp.TOTP

    def otp(self, steps: int = 0) -> str:
        return self.totp.at(NOW, counter_offset=steps)

    def sign(self, pin: str = "", otp: str = "", *, steps: int = 0, **changes: Any) -> list[MadeSignature]:
        act = self.house.act(**changes)
        return self.try_on(act, pin or self.pin, otp or self.otp(steps), steps)

    def try_on(self, act: SignAct, pin: str, otp: str, steps: int = 0) -> list[MadeSignature]:
        now = NOW + timedelta(seconds=30 * steps)
        approval = Approval("pin_otp", f'{{"pin":"{pin}","otp":"{otp}"}}')
        return self.house.signing.sign_approved(act.encode(), approval, to_sign(act), now=now)

    @property
    def wrong_pin(self) -> str:
        return "1" * 8 if self.pin != "1" * 8 else "2" * 8

    @property
    def failures(self) -> int:
        with self.house.database.reading() as connection:
            found = people.find_factor(connection, self.person_id)
        assert found is not None
        return found.failures


@pytest.fixture
def pin_house(tmp_path: Path, sealer: Token) -> Iterator[PeopleHouse]:
    built = PeopleHouse(f"sqlite:///{tmp_path}/pins.sqlite3", sealer)
    yield built
    built.close()


def hand_out(house: PeopleHouse, person_id: str) -> Factor:
    handed = house.perform(ActionName.SET_PIN_OTP, {"person_id": person_id})
    totp = pyotp.parse_uri(handed["otpauth"])
    assert isinstance(totp, pyotp.TOTP)
    return Factor(house, person_id, handed["pin"], totp)


@pytest.fixture
def factor(pin_house: PeopleHouse) -> Factor:
    return hand_out(pin_house, "an")


def test_pin_and_one_time_password_sign_and_leave_no_trace_of_themselves(factor: Factor) -> None:
    assert factor.sign()
    house = factor.house
    entries = house.entries()
    assert [entry["type"] for entry in entries] == ["attempt", "intent", "outcome"]
    assert entries[1]["approval"]["kind"] == "pin_otp"
    assert factor.failures == 0
    with house.database.reading() as connection:
        everything = "".join(
            str(connection.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608
            for table in ("factor", "grant_", "journal_entry", "performed_act")
        )
    for secret in (factor.pin, factor.totp.secret, "argon2"):
        assert secret not in everything
    assert factor.otp() not in str(entries)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_one_time_password_of_the_steps_around_now_is_accepted(factor: Factor, steps: int) -> None:
    assert factor.sign(otp=factor.otp(steps))


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_a_one_time_password_of_another_time_is_refused(factor: Factor, steps: int) -> None:
    with pytest.raises(ApprovalRefused):
        factor.sign(otp=factor.otp(steps))


def test_a_one_time_password_is_accepted_once_and_none_before_it_afterwards(factor: Factor) -> None:
    assert factor.sign()
    for otp in (factor.otp(0), factor.otp(-1)):
        with pytest.raises(ApprovalRefused, match=re.escape(REFUSAL)):
            factor.sign(otp=otp)
    assert factor.sign(otp=factor.otp(1))
    assert factor.house.key.uses == 2


def test_a_hundred_threads_with_one_one_time_password_get_one_signature(factor: Factor) -> None:
    done = in_threads(100, lambda _: factor.sign())
    assert done.count("signed") == 1
    assert factor.house.key.uses == 1


@pytest.mark.parametrize(
    ("pin", "otp"),
    [("wrong", ""), ("", "000000"), ("wrong", "000000")],
    ids=["wrong PIN", "wrong OTP", "both wrong"],
)
def test_whatever_is_wrong_the_answer_is_the_same(factor: Factor, pin: str, otp: str) -> None:
    for _ in range(MAX_ATTEMPTS + 2):  # the last ones meet the lock
        with pytest.raises(ApprovalRefused) as refused:
            factor.sign(pin=pin and factor.wrong_pin, otp=otp)
        assert refused.value.message == REFUSAL
        assert factor.pin not in refused.value.detail
        assert refused.value.__cause__ is None


def test_five_wrong_tries_lock_and_the_right_one_is_refused_then(factor: Factor) -> None:
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(ApprovalRefused):
            factor.sign(pin=factor.wrong_pin)
    with pytest.raises(ApprovalRefused):
        factor.sign()
    factor.house.perform(ActionName.UNLOCK_FACTOR, {"person_id": "an"})
    assert factor.sign()


def test_a_right_try_gives_the_tries_back(factor: Factor) -> None:
    for steps in (0, 1, 2):
        for _ in range(MAX_ATTEMPTS - 1):
            with pytest.raises(ApprovalRefused):
                factor.sign(pin=factor.wrong_pin)
        assert factor.sign(steps=steps)


def test_a_hundred_threads_never_get_more_than_five_tries(
    factor: Factor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    matches = Secrets.matches

    def counted(self: Secrets, pin: str) -> bool:
        looked.append(pin)
        return matches(self, pin)

    monkeypatch.setattr(Secrets, "matches", counted)
    pins = [str(n).zfill(8) for n in range(100)]
    done = in_threads(100, lambda n: factor.sign(pin=pins[n] if pins[n] != factor.pin else "9" * 8))
    assert done.count("refused") == 100
    assert len(looked) == MAX_ATTEMPTS
    assert [entry["type"] for entry in factor.house.entries()] == ["attempt"] * MAX_ATTEMPTS
    with pytest.raises(ApprovalRefused):
        factor.sign()


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_try_that_could_not_be_counted_is_not_made(
    factor: Factor, monkeypatch: pytest.MonkeyPatch, after_commit: bool
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(Secrets, "matches", lambda _self, pin: looked.append(pin))
    enter = factor.house.ledger.enter

    def failing(*arguments: Any, **named: Any) -> Any:
        if after_commit:
            enter(*arguments, **named)
        raise StoreUnavailable("away")

    factor.house.ledger.enter = failing  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        factor.sign()
    factor.house.ledger.enter = enter  # type: ignore[method-assign]
    assert looked == []
    assert factor.failures == int(after_commit)


def test_a_token_that_is_away_costs_nobody_a_try(factor: Factor) -> None:
    class Away:
        def unseal(self, label: str, sealed: bytes, context: bytes) -> bytes:
            raise TokenUnavailable("away")

        def seal(self, label: str, data: bytes, context: bytes) -> bytes:
            raise TokenUnavailable("away")

    real, factor.house.sealer = factor.house.sealer, Away()
    factor.house.use(factor.house.webauthn)
    for _ in range(MAX_ATTEMPTS + 1):
        with pytest.raises(TokenUnavailable):
            factor.sign()
    factor.house.sealer = real
    factor.house.use(factor.house.webauthn)
    assert factor.sign()


def test_anothers_pin_and_one_time_password_open_nothing(factor: Factor) -> None:
    binh = hand_out(factor.house, "binh")
    with pytest.raises(ApprovalRefused):
        binh.sign()  # the credential is an's
    with pytest.raises(ApprovalRefused):
        factor.sign(otp=binh.otp())
    with pytest.raises(ApprovalRefused):
        factor.sign(pin=binh.pin)
    assert factor.house.key.uses == 0


def test_a_row_copied_to_another_person_opens_nothing(factor: Factor) -> None:
    """Somebody who writes the database gives himself an's credential with his own PIN."""
    hand_out(factor.house, "binh")
    with factor.house.database.writing() as connection:
        connection.execute(
            text("UPDATE factor SET sealed = (SELECT sealed FROM factor WHERE person_id = 'binh')")
        )
    with pytest.raises(MechanismRefused):
        factor.sign()


@pytest.mark.parametrize("holder", [("one-stop", "Client"), ("an", "Client"), ("chi", "Person")])
def test_no_pin_opens_a_credential_of_a_client_or_of_nobody(factor: Factor, holder: tuple[str, str]) -> None:
    name, kind = holder
    credential = factor.house.add_credential("personal", name, holder_kind=kind)
    with pytest.raises(ApprovalRefused):
        factor.sign(credential_id=credential)
    assert factor.failures == 0


def test_pin_and_one_time_password_never_reach_the_highest_level(factor: Factor) -> None:
    high = factor.house.add_credential("personal-high", "an", holder_kind="Person")
    with pytest.raises(PolicyRefused) as refused:
        factor.sign(credential_id=high)
    assert refused.value.rules == ("never-other-proof", "never-weak-proof-of-person")


def test_a_retired_person_has_no_pin(factor: Factor) -> None:
    factor.house.perform(ActionName.RETIRE_PERSON, {"person_id": "an"})
    with pytest.raises(ApprovalRefused):
        factor.sign()
    with pytest.raises(ActMalformed):
        hand_out(factor.house, "an")


def test_a_new_pin_and_secret_take_the_place_of_the_old(factor: Factor) -> None:
    again = hand_out(factor.house, "an")
    with pytest.raises(ApprovalRefused):
        factor.sign()
    assert again.sign()


@pytest.mark.parametrize(
    "evidence",
    [
        "", "null", "[]", "{", "{}",
        '{"pin":"1"}', '{"otp":"1"}', '{"pin":1,"otp":"1"}', '{"pin":"1","otp":1}',
        '{"pin":null,"otp":null}', '{"pin":"1","otp":"1","person_id":"an"}',
        '{"pin":"1","otp":"１２３４５６"}',
        '{"pin":"' + "1" * 600 + '","otp":"1"}',
    ],
)  # fmt: skip
def test_malformed_evidence_is_refused_uncounted_and_unquoted(factor: Factor, evidence: str) -> None:
    act = factor.house.act()
    with pytest.raises(ApprovalRefused) as refused:
        factor.house.sign(act, Approval("pin_otp", evidence))
    assert refused.value.detail == "evidence malformed"
    assert factor.failures == 0


@pytest.mark.parametrize("kind", ["passkey", "client_jws", "access_token", "PIN_OTP"])
def test_pin_and_one_time_password_under_another_kind_approve_nothing(factor: Factor, kind: str) -> None:
    act = factor.house.act()
    evidence = f'{{"pin":"{factor.pin}","otp":"{factor.otp()}"}}'
    with pytest.raises(ApprovalRefused):
        factor.house.sign(act, Approval(kind, evidence))
    assert factor.sign()


@settings(
    deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip
@given(tries=st.lists(st.sampled_from(["right", "wrong pin", "wrong otp", "unlock"]), max_size=9))
def test_after_five_wrong_tries_in_a_row_nothing_is_right(factor: Factor, tries: list[str]) -> None:
    house = factor.house
    house.perform(ActionName.UNLOCK_FACTOR, {"person_id": "an"})
    with house.database.writing() as connection:
        connection.execute(text("UPDATE factor SET last_step = 0"))
    wrong, steps = 0, 0
    for one in tries:
        if one == "unlock":
            house.perform(ActionName.UNLOCK_FACTOR, {"person_id": "an"})
            wrong = 0
        elif one == "right" and wrong < MAX_ATTEMPTS:
            steps += 1
            assert factor.sign(steps=steps)
            wrong = 0
        else:
            with pytest.raises(ApprovalRefused):
                factor.sign(
                    pin=factor.wrong_pin if one == "wrong pin" else "",
                    otp="000000" if one == "wrong otp" else "", steps=steps + (one == "right"),
                )  # fmt: skip
            wrong = min(wrong + 1, MAX_ATTEMPTS)
        assert factor.failures == wrong


def in_threads(count: int, attempt: Callable[[int], object]) -> list[str]:
    results = ["error"] * count

    def run(number: int) -> None:
        with suppress(ApprovalRefused):
            results[number] = "refused"
            attempt(number)
            results[number] = "signed"

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
