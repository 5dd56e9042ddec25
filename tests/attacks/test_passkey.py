"""Assertions that are wrong in one thing, by passkeys that are enrolled and else used honestly."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey

from hsm.administer import draft
from hsm.client import ActRefused, Approval, ApprovalRefused, GrantRefused, PolicyRefused
from tests.attacks.scene import OTHER_PERSON, PERSON, Scene
from tests.servers.key_process import ORIGIN, RP_ID

CLAIMS: dict[str, dict[str, Any]] = {
    "the page of an attacker": {"origin": "http://ban-lam-viec.evil.test"},
    "the page where people log in": {"origin": "http://localhost:8081"},
    "another port of the right page": {"origin": "http://localhost:80800"},
    "another RP id": {"rp_id": "evil.test"},
    "user verification off": {"user_verified": False},
    "user presence off": {"user_present": False},
    "a passkey that says it is synced now": {"synced": True},
    "a forged signature": {"key": SoftwarePasskey.new(RP_ID, ORIGIN).key},
    "a forged signature of another kind": {"key": SoftwarePasskey.new(RP_ID, ORIGIN, algorithm="EdDSA").key},
    "a passkey that nobody enrolled": {"credential_id": bytes(32)},
}

CLIENT_DATA: dict[str, dict[str, Any]] = {
    "the challenge of another act": {
        "challenge": base64.urlsafe_b64encode(hashlib.sha256(b"another").digest()).rstrip(b"=").decode()
    },
    "no challenge": {"challenge": ""},
    "the type of a registration": {"type": "webauthn.create"},
    "the type of a payment": {"type": "payment.get"},
    "the flag of a foreign frame": {"crossOrigin": True},
    "a list of origins": {"origin": [ORIGIN]},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
def test_an_assertion_comes_from(scene: Scene, claims: dict[str, Any]) -> None:
    act = scene.persons_act()
    honest = scene.passkeys[PERSON]
    lying = replace(honest, **claims)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, Approval(**lying.approve(act.encode())))
    honest.counter = max(honest.counter or 0, lying.counter or 0)
    assert scene.sign(act, scene.by_passkey(act)), "it cost the honest passkey nothing"


@pytest.mark.parametrize("said", CLIENT_DATA.values(), ids=CLIENT_DATA.keys())
def test_the_browser_says(scene: Scene, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    act = scene.persons_act()
    honest = SoftwarePasskey._client_data

    def lying(self: SoftwarePasskey, kind: str, challenge: bytes) -> bytes:
        return json.dumps({**json.loads(honest(self, kind, challenge)), **said}).encode()

    monkeypatch.setattr(SoftwarePasskey, "_client_data", lying)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_passkey(act))


PARTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no signature": lambda answer: answer["response"].pop("signature"),
    "no authenticator data": lambda answer: answer["response"].pop("authenticatorData"),
    "no client data": lambda answer: answer["response"].pop("clientDataJSON"),
    "two ids": lambda answer: answer.update(rawId="AAAA"),
    "an empty signature": lambda answer: answer["response"].update(signature=""),
}


@pytest.mark.parametrize("spoil", PARTS.values(), ids=PARTS.keys())
def test_an_assertion_has(scene: Scene, spoil: Callable[[dict[str, Any]], Any]) -> None:
    act = scene.persons_act()
    answer = json.loads(scene.by_passkey(act).evidence)
    spoil(answer)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, Approval("passkey", json.dumps(answer)))


def test_a_login_at_the_identity_provider_is_used_as_an_approval(scene: Scene) -> None:
    """Whoever holds idp may ask for any challenge, on its own page: the origin is not the approvals'."""
    act = scene.persons_act()
    at_login = replace(scene.passkeys[PERSON], origin=scene.process.issuer)
    challenge = hashlib.sha256(act.encode()).digest()
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, Approval("passkey", json.dumps(at_login.sign_challenge(challenge))))


def test_another_persons_passkey_approves(scene: Scene) -> None:
    act = scene.persons_act()
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_passkey(act, OTHER_PERSON))


def test_a_persons_passkey_approves_for_a_systems_seal(scene: Scene) -> None:
    act = scene.act()
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_passkey(act))


def test_a_system_approves_for_a_person(scene: Scene) -> None:
    act = scene.persons_act()
    with scene.nothing_happens(PolicyRefused):
        scene.sign(act, scene.by_client(act))


def test_a_copy_of_a_passkey_signs_beside_its_original(scene: Scene, name: str) -> None:
    original, credential_id = scene.new_person(name)
    clone = replace(original)
    for _ in range(2):
        act = scene.act(credential_id=credential_id)
        scene.sign(act, scene.by_passkey(act, name))
    act = scene.act(credential_id=credential_id)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, Approval(**clone.approve(act.encode())))
    original.counter = 1000
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_passkey(act, name))


def test_a_retired_passkey_approves(scene: Scene, name: str) -> None:
    passkey, credential_id = scene.new_person(name)
    act = scene.act(credential_id=credential_id)
    scene.sign(act, scene.by_passkey(act, name))
    told = base64.urlsafe_b64encode(passkey.credential_id).rstrip(b"=").decode()
    scene.perform("retire_passkey", {"person_id": name, "passkey": told})
    act = scene.act(credential_id=credential_id)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_passkey(act, name))


def test_a_person_who_left_approves(scene: Scene, name: str) -> None:
    _, credential_id = scene.new_person(name)
    act = scene.act(credential_id=credential_id)
    scene.sign(act, scene.by_passkey(act, name))
    scene.perform("retire_person", {"person_id": name})
    act = scene.act(credential_id=credential_id)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_passkey(act, name))


def test_a_passkey_is_enrolled_for_somebody_by_an_invitation_of_another(scene: Scene, name: str) -> None:
    """The attacker answers the victim's invitation with nothing of theirs: it names whom it is for."""
    mine = SoftwarePasskey.new(RP_ID, ORIGIN)
    invitation = draft("invite_passkey", {"person_id": OTHER_PERSON}, now=int(time.time()))
    parameters = {
        "person_id": PERSON,
        "invitation": invitation.decode(),
        "registration": mine.register(invitation),
    }
    with pytest.raises(ActRefused):
        scene.perform("enrol_passkey", parameters)
    act = scene.persons_act()
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, Approval(**mine.approve(act.encode())))


def test_a_synced_passkey_approves_where_the_profile_asks_for_the_high_level(scene: Scene, name: str) -> None:
    scene.process.perform("register_person", {"person_id": name})
    synced = SoftwarePasskey.new(RP_ID, ORIGIN, counter=0)
    synced.synced = True
    scene.process.enrol_passkey(name, synced)
    scene.passkeys[name] = synced
    credential_id = scene.certified("personal-high", name)
    act = scene.act(credential_id=credential_id)
    with scene.nothing_happens(PolicyRefused):
        scene.sign(act, scene.by_passkey(act, name))


def test_a_replay_gets_an_honest_passkey_suspended(scene: Scene) -> None:
    """Whoever carries approvals could otherwise shut anybody out."""
    act = scene.persons_act()
    approval = scene.by_passkey(act)
    scene.sign(act, approval)
    later = scene.persons_act()
    scene.sign(later, scene.by_passkey(later))
    with scene.nothing_happens(GrantRefused):
        scene.sign(act, approval)
    after = scene.persons_act()
    assert scene.sign(after, scene.by_passkey(after))
