"""A person is asked for their part in an administrative act by a link: it opens one act, once, for a time."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey

from hsm.administer import draft
from hsm.ask_commands import Asking
from hsm.client import ActMalformed, ApprovalRefused, GrantRefused, KeyProcess
from tests.servers.key_process import ROOT, RunningKeyProcess


@pytest.fixture
def asking(key_process: RunningKeyProcess) -> Iterator[Asking]:
    client = Asking(key_process.admin)
    yield client
    client.close()


@pytest.fixture
def page(key_process: RunningKeyProcess) -> Iterator[KeyProcess]:
    """What signsvc has."""
    client = KeyProcess(key_process.signsvc)
    yield client
    client.close()


def new_person(key_process: RunningKeyProcess) -> tuple[str, SoftwarePasskey]:
    person_id = f"nguoi-{secrets.token_hex(6)}"
    return person_id, key_process.enrol_person(person_id)


def create(person_id: str, **changes: Any) -> bytes:
    parameters = {
        "profile": "personal", "holder": person_id, "description": "Khóa ký MẪU", "training": True,
        "subject": {"CN": "MẪU", "O": "Cơ quan MẪU", "C": "VN"},
    }  # fmt: skip
    return draft("create_credential", parameters | changes, now=int(time.time()))


def test_who_has_a_part_gives_it_by_the_link_and_the_tool_collects_it(
    key_process: RunningKeyProcess, asking: Asking, page: KeyProcess
) -> None:
    person_id, passkey = new_person(key_process)
    act = create(person_id)
    asked = asking.ask(act, 60)
    shown = page.asked_consent(asked.handle)
    assert (shown.act, shown.given, shown.enrols) == (act, False, False)
    assert asking.collect(asked.handle) == ""
    evidence = passkey.approve(act)["evidence"]
    page.give_consent(asked.handle, evidence)
    assert asking.collect(asked.handle) == evidence
    assert page.asked_consent(asked.handle).given
    with pytest.raises(GrantRefused):
        page.give_consent(asked.handle, passkey.approve(act)["evidence"])


def test_a_passkey_without_a_part_or_of_another_act_is_refused_at_once(
    key_process: RunningKeyProcess, asking: Asking, page: KeyProcess
) -> None:
    person_id, passkey = new_person(key_process)
    _, other = new_person(key_process)
    act = create(person_id)
    handle = asking.ask(act, 60).handle
    passkey_elsewhere = SoftwarePasskey(**{**_fields(passkey), "origin": "https://gia-mao.example"})
    for evidence in (
        other.approve(act)["evidence"],
        passkey.approve(create(person_id))["evidence"],
        passkey_elsewhere.approve(act)["evidence"],
        "{}",
        "",
    ):
        with pytest.raises(ApprovalRefused):
            page.give_consent(handle, evidence)
    assert not page.asked_consent(handle).given


def _fields(passkey: SoftwarePasskey) -> dict[str, Any]:
    return {name: getattr(passkey, name) for name in SoftwarePasskey.__slots__}


def test_an_act_in_which_no_passkey_has_a_part_gets_no_link(asking: Asking) -> None:
    act = draft("register_person", {"person_id": "x"}, now=int(time.time()))
    with pytest.raises(ActMalformed):
        asking.ask(act, 60)


def test_a_link_ends(key_process: RunningKeyProcess, asking: Asking, page: KeyProcess) -> None:
    person_id, _ = new_person(key_process)
    asked = asking.ask(create(person_id), 1)
    until = time.monotonic() + 60
    while time.time() < asked.expires_at and time.monotonic() < until:
        time.sleep(0.05)
    for look in (page.asked_consent, asking.collect):
        with pytest.raises(GrantRefused):
            look(asked.handle)
    with pytest.raises(GrantRefused):
        page.asked_consent(secrets.token_urlsafe(32))


def test_the_page_asks_for_nothing_and_collects_nothing(key_process: RunningKeyProcess) -> None:
    """Whoever takes over signsvc can show links that others made, and no more."""
    taken_over = Asking(key_process.signsvc)
    try:
        for ask in (lambda: taken_over.ask(b"{}", 60), lambda: taken_over.collect("x")):
            with pytest.raises(Exception, match=r"UNIMPLEMENTED|did not answer"):
                ask()
    finally:
        taken_over.close()


def test_a_passkey_is_made_by_invitation_for_a_person_who_is_there(
    key_process: RunningKeyProcess, asking: Asking, page: KeyProcess
) -> None:
    now = int(time.time())
    with pytest.raises(ActMalformed):
        asking.ask(draft("invite_passkey", {"person_id": "khong-co"}, now=now), 60)
    person_id, _ = new_person(key_process)
    invitation = draft("invite_passkey", {"person_id": person_id}, now=now)
    handle = asking.ask(invitation, 60).handle
    assert page.asked_consent(handle).enrols
    passkey = SoftwarePasskey.new("localhost", key_process.origin, counter=0)
    other = draft("invite_passkey", {"person_id": person_id}, now=now)
    unverified = SoftwarePasskey.new("localhost", key_process.origin, counter=0)
    unverified.user_verified = False
    for wrong in (
        passkey.register(other),
        unverified.register(invitation),
        passkey.sign_challenge(b"x" * 32),
    ):
        with pytest.raises(ActMalformed):
            page.give_consent(handle, json.dumps(wrong))
    page.give_consent(handle, json.dumps(passkey.register(invitation)))
    # Nothing is enrolled by it: that is an act of two administrators.
    act = create(person_id)
    asked, evidence = asking.ask(act, 60).handle, passkey.approve(act)["evidence"]
    with pytest.raises(ApprovalRefused):
        page.give_consent(asked, evidence)
    parameters = {
        "person_id": person_id, "invitation": invitation.decode(),
        "registration": json.loads(asking.collect(handle)),
    }  # fmt: skip
    enrolled = key_process.perform("enrol_passkey", parameters)
    assert enrolled["aaguid"] == "616e7469-6e2d-6d61-752d-736f66742d31"


def test_a_software_passkey_has_no_part_unless_development_says_so(
    own_key_process_of: Callable[..., RunningKeyProcess],
) -> None:
    """Training stays on: it may sign with training credentials, and governs nothing."""
    strict = own_key_process_of(HSM_SOFTWARE_ADMINISTRATION="refuse")
    person_id, passkey = new_person(strict)
    act = create(person_id)
    client, page = Asking(strict.admin), KeyProcess(strict.signsvc)
    try:
        handle = client.ask(act, 60).handle
        with pytest.raises(ApprovalRefused):
            page.give_consent(handle, passkey.approve(act)["evidence"])
        with pytest.raises(ApprovalRefused):
            strict.create_credential("personal", person_id, passkey=passkey)
        real = SoftwarePasskey.new("localhost", strict.origin, counter=0)
        real.aaguid = bytes.fromhex("08987058cadc4b81b6e130de50dcbe96")
        strict.enrol_passkey(person_id, real)
        page.give_consent(handle, real.approve(act)["evidence"])
    finally:
        client.close()
        page.close()


def test_nobody_is_asked_for_a_passkey_that_one_administrator_would_enrol(
    key_process: RunningKeyProcess,
) -> None:
    person_id, _ = new_person(key_process)
    run = subprocess.run(
        [
            sys.executable, "-m", "hsm", "enrol-passkey", person_id, "--socket", key_process.admin,
            "--key", str(key_process.admin_keys[0]),
        ],
        cwd=ROOT, env=key_process.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 2
    assert "two administrators" in run.stderr
    assert "/acts/" not in run.stderr


@pytest.fixture
def own_key_process_of(tmp_path: Path) -> Iterator[Callable[..., RunningKeyProcess]]:
    """A key process with settings of the test's own."""
    running: list[RunningKeyProcess] = []

    def make(**extra: str) -> RunningKeyProcess:
        made = RunningKeyProcess(tmp_path / "kp", **extra)
        running.append(made)
        made.start()
        return made

    yield make
    for one in running:
        one.stop()
