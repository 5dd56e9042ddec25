"""PIN and one-time password: guessed, replayed, of another time, of another person."""

import json
import time
from collections.abc import Callable

import pyotp
import pytest

from hsm.client import Approval, ApprovalRefused, PolicyRefused
from tests.attacks.scene import OTHER_PERSON, Scene

STEP = 30


class Victim:
    """A person with PIN and one-time password. ``step`` is used in turn, since each password works once."""

    def __init__(self, scene: Scene, name: str) -> None:
        self.scene, self.name = scene, name
        _, self.credential_id = scene.new_person(name)
        self.pin, self.totp = scene.hand_out(name)
        _wait_for_room_in_the_step()

    def otp(self, steps: int = 0) -> str:
        return self.totp.at(int(time.time()) + STEP * steps)

    def sign(self, pin: str, otp: str, **changes: str) -> None:
        act = self.scene.act(**{"credential_id": self.credential_id, **changes})
        self.scene.sign(act, Approval("pin_otp", json.dumps({"pin": pin, "otp": otp})))


def _wait_for_room_in_the_step() -> None:
    """A password is made and used within one step, or the test would be about another thing."""
    if time.time() % STEP > STEP - 3:
        time.sleep(3.1)


@pytest.fixture
def victim(scene: Scene, name: str) -> Victim:
    return Victim(scene, name)


def other_than(secret: str) -> str:
    return "".join(str((int(digit) + 1) % 10) for digit in secret)


def test_a_pin_is_guessed_five_times_and_then_known(scene: Scene, victim: Victim) -> None:
    for _ in range(5):
        with scene.nothing_happens(ApprovalRefused):
            victim.sign(other_than(victim.pin), victim.otp())
    with scene.nothing_happens(ApprovalRefused, match="locked"):
        victim.sign(victim.pin, victim.otp())
    scene.restart(kill=True)
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(victim.pin, victim.otp())


def test_every_try_is_in_the_journal_before_it_is_looked_at(scene: Scene, victim: Victim) -> None:
    before = scene.journal_size()
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(other_than(victim.pin), victim.otp())
    assert [entry["type"] for entry in scene.entries(before)] == ["attempt"]


def test_a_one_time_password_is_used_again(scene: Scene, victim: Victim) -> None:
    otp = victim.otp()
    victim.sign(victim.pin, otp)
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(victim.pin, otp)


def test_a_one_time_password_is_used_again_after_a_power_failure(scene: Scene, victim: Victim) -> None:
    otp = victim.otp()
    victim.sign(victim.pin, otp)
    scene.restart(kill=True)
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(victim.pin, otp)


def test_the_password_of_the_step_before_is_used_after_this_ones(scene: Scene, victim: Victim) -> None:
    before = victim.otp(-1)
    victim.sign(victim.pin, victim.otp())
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(victim.pin, before)


@pytest.mark.parametrize("steps", [-10, -3, 3, 10])
def test_a_one_time_password_of_another_step_is_used(scene: Scene, victim: Victim, steps: int) -> None:
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(victim.pin, victim.otp(steps))


WRONG: dict[str, Callable[[Victim], tuple[str, str]]] = {
    "the PIN alone": lambda victim: (victim.pin, ""),
    "the password alone": lambda victim: ("", victim.otp()),
    "the two in each other's place": lambda victim: (victim.otp(), victim.pin),
    "another secret's password": lambda victim: (victim.pin, pyotp.TOTP(pyotp.random_base32()).now()),
    "a PIN with a space": lambda victim: (f"{victim.pin} ", victim.otp()),
    "digits of another script": lambda victim: (
        victim.pin, "".join(chr(0xFF10 + int(digit)) for digit in victim.otp())
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_an_attacker_knows(scene: Scene, victim: Victim, wrong: Callable[[Victim], tuple[str, str]]) -> None:
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(*wrong(victim))


def test_one_persons_pin_and_password_approve_for_another(scene: Scene, victim: Victim) -> None:
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(victim.pin, victim.otp(), credential_id=scene.others_personal)
    assert scene.others_personal in {
        one.credential_id for one in scene.admin.credentials(OTHER_PERSON, holder_kind="Person")
    }


def test_a_pin_approves_where_the_profile_asks_for_a_passkey(scene: Scene, victim: Victim) -> None:
    high = scene.certified("personal-high", victim.name)
    with scene.nothing_happens(PolicyRefused):
        victim.sign(victim.pin, victim.otp(), credential_id=high)


def test_a_pin_approves_for_a_system(scene: Scene, victim: Victim) -> None:
    with scene.nothing_happens(ApprovalRefused):
        victim.sign(victim.pin, victim.otp(), credential_id=scene.seal)
