"""What administrators might do alone, twice, to each other's acts, or in somebody else's name."""

import json
import time
from typing import Any

import pytest
from joserfc.jwk import ECKey

from hsm.administer import approve, draft
from hsm.client import ActRefused, Approval, ApprovalRefused, GrantRefused, PolicyRefused
from tests.attacks.scene import CLIENT, OTHER_PERSON, PERSON, Scene, signed_by

EVIL_KEY = ECKey.generate_key("P-256")


def everything(scene: Scene) -> dict[str, dict[str, Any]]:
    """Each act, with parameters that two could have done."""
    subject = {"CN": "MẪU"}
    return {
        "create_credential": {
            "profile": "service-seal", "holder": CLIENT, "description": "x", "subject": subject,
            "training": True,
        },
        "suspend_credential": {"credential_id": scene.seal},
        "revoke_credential": {"credential_id": scene.seal, "reason": "superseded"},
        "destroy_credential": {"credential_id": scene.seal},
        "renew_credential": {"credential_id": scene.seal, "subject": subject},
        "suspend_holder": {"holder": CLIENT, "holder_kind": "Client"},
        "register_client_key": {"client_id": CLIENT, "jwk": EVIL_KEY.as_dict(private=False)},
        "retire_client_key": {"kid": scene.keys[CLIENT].thumbprint()},
        "register_person": {"person_id": "nguoi-ma"},
        "retire_person": {"person_id": PERSON},
        "set_pin_otp": {"person_id": PERSON},
        "move_credential": {"credential_id": scene.personal, "office": "x"},
        "retire_administrator": {"admin_id": "admin-2", "reason": "x"},
    }  # fmt: skip


ACTS = (
    "create_credential", "suspend_credential", "revoke_credential", "destroy_credential", "renew_credential",
    "suspend_holder", "register_client_key", "retire_client_key", "register_person", "retire_person",
    "set_pin_otp", "move_credential", "retire_administrator",
)  # fmt: skip


@pytest.mark.parametrize("action", ACTS)
def test_one_administrator_alone_does(scene: Scene, action: str) -> None:
    with scene.nothing_happens(PolicyRefused):
        scene.perform(action, everything(scene)[action], admins=1)


@pytest.mark.parametrize("action", ACTS)
def test_nobody_at_all_does(scene: Scene, action: str) -> None:
    with scene.nothing_happens(ActRefused):
        scene.perform(action, everything(scene)[action], admins=0)


def test_one_administrators_approval_is_counted_twice(scene: Scene) -> None:
    act = draft("suspend_credential", {"credential_id": scene.seal}, now=int(time.time()))
    once, again = (approve(act, scene.process.admin_keys[0]) for _ in range(2))
    for approvals in ([once, once], [once, again]):
        with scene.nothing_happens(ApprovalRefused, match="twice"):
            scene.admin.perform(act, approvals)


def test_two_administrators_approved_another_act(scene: Scene) -> None:
    now = int(time.time())
    harmless = draft("register_person", {"person_id": "ai-do"}, now=now)
    wanted = draft("destroy_credential", {"credential_id": scene.seal}, now=now)
    approvals = [approve(harmless, key) for key in scene.process.admin_keys]
    with scene.nothing_happens(ApprovalRefused):
        scene.admin.perform(wanted, approvals)


def test_one_administrator_and_one_approval_of_another_act(scene: Scene) -> None:
    now = int(time.time())
    one, other = (draft("suspend_credential", {"credential_id": scene.seal}, now=now) for _ in range(2))
    first, second = scene.process.admin_keys
    with scene.nothing_happens(ApprovalRefused):
        scene.admin.perform(one, [approve(one, first), approve(other, second)])


def test_an_administrative_act_is_done_again(scene: Scene, name: str) -> None:
    act = draft("register_person", {"person_id": name}, now=int(time.time()))
    approvals = [approve(act, key) for key in scene.process.admin_keys]
    scene.admin.perform(act, approvals)
    with scene.nothing_happens(ActRefused):
        scene.admin.perform(act, approvals)
    scene.restart(kill=True)
    with scene.nothing_happens(ActRefused):
        scene.admin.perform(act, approvals)


def test_an_act_that_can_be_repeated_is_done_again_after_it_was_undone(scene: Scene, name: str) -> None:
    """Suspended, resumed, and the old approvals once more."""
    scene.keys[name] = scene.process.register_client(name)
    seal = scene.certified("service-seal", name)
    act = draft("suspend_credential", {"credential_id": seal}, now=int(time.time()))
    approvals = [approve(act, key) for key in scene.process.admin_keys]
    scene.admin.perform(act, approvals)
    scene.perform("resume_credential", {"credential_id": seal})
    with scene.nothing_happens(GrantRefused):
        scene.admin.perform(act, approvals)


def test_an_administrative_act_has_expired(scene: Scene, name: str) -> None:
    act = draft("register_person", {"person_id": name}, now=int(time.time()) - 9 * 3600)
    with scene.nothing_happens(GrantRefused):
        scene.admin.perform(act, [approve(act, key) for key in scene.process.admin_keys])


def test_an_administrative_act_was_issued_in_the_future(scene: Scene, name: str) -> None:
    act = draft("register_person", {"person_id": name}, now=int(time.time()) + 3600)
    with scene.nothing_happens(ActRefused):
        scene.admin.perform(act, [approve(act, key) for key in scene.process.admin_keys])


@pytest.mark.parametrize("kid", ["its own", "an administrator's"])
def test_a_stranger_approves_as_an_administrator_under_the_kid(scene: Scene, kid: str) -> None:
    act = draft("suspend_credential", {"credential_id": scene.seal}, now=int(time.time()))
    named = EVIL_KEY.thumbprint()
    if kid != "its own":
        named = ECKey.import_key(json.loads(scene.process.admin_keys[1].read_text())).thumbprint()
    forged = signed_by(EVIL_KEY, {"alg": "ES256", "kid": named, "typ": "antin-act+jws"}, act)
    with scene.nothing_happens(ApprovalRefused):
        scene.admin.perform(act, [approve(act, scene.process.admin_keys[0]), Approval("admin_jws", forged)])


def test_a_client_approves_as_an_administrator(scene: Scene) -> None:
    act = draft("suspend_credential", {"credential_id": scene.seal}, now=int(time.time()))
    evidence = scene.by_client(act).evidence
    for kind in ("admin_jws", "client_jws"):
        with scene.nothing_happens(ApprovalRefused):
            scene.admin.perform(act, [approve(act, scene.process.admin_keys[0]), Approval(kind, evidence)])


def test_a_person_stands_in_for_the_second_administrator(scene: Scene) -> None:
    act = draft("move_credential", {"credential_id": scene.personal, "office": "x"}, now=int(time.time()))
    with scene.nothing_happens(PolicyRefused):
        scene.admin.perform(act, [approve(act, scene.process.admin_keys[0]), scene.by_passkey(act)])


def test_administrators_make_a_key_in_somebodys_name_without_them(scene: Scene) -> None:
    asked = {
        "profile": "personal", "holder": PERSON, "description": "x", "subject": {"CN": "x"},
        "training": True,
    }  # fmt: skip
    with scene.nothing_happens(PolicyRefused):
        scene.perform("create_credential", asked)
    act = draft("create_credential", asked, now=int(time.time()))
    approvals = [approve(act, key) for key in scene.process.admin_keys]
    with scene.nothing_happens(ApprovalRefused):
        scene.admin.perform(act, [*approvals, scene.by_passkey(act, OTHER_PERSON)])


def test_administrators_take_a_seal_from_a_clerk_who_did_not_approve(scene: Scene) -> None:
    seal = scene.certified("organisation-seal", CLIENT)
    given = {"credential_id": seal, "record": "1/BB", "receiver": PERSON}
    act = draft("hand_over_seal", given, now=int(time.time()))
    approvals = [approve(act, key) for key in scene.process.admin_keys]
    with scene.nothing_happens(PolicyRefused):
        scene.admin.perform(act, approvals)
    scene.admin.perform(act, [*approvals, scene.by_passkey(act)])
    taken = draft("hand_over_seal", {**given, "receiver": OTHER_PERSON}, now=int(time.time()))
    approvals = [approve(taken, key) for key in scene.process.admin_keys]
    with scene.nothing_happens(PolicyRefused):
        scene.admin.perform(taken, [*approvals, scene.by_passkey(taken, OTHER_PERSON)])


def test_administrators_bring_a_revoked_credential_back(scene: Scene) -> None:
    one = scene.certified("service-seal", CLIENT)
    scene.perform("revoke_credential", {"credential_id": one, "reason": "keyCompromise"})
    for action in ("resume_credential", "activate_credential", "renew_credential"):
        with scene.nothing_happens(ActRefused):
            scene.perform(action, {"credential_id": one, "subject": {"CN": "x"}, "chain": ["x"]})


def test_administrators_register_one_clients_key_for_another(scene: Scene) -> None:
    """One key is one client's, for ever: who approved is never in doubt."""
    jwk = scene.keys[CLIENT].as_dict(private=False)
    with pytest.raises(ActRefused):
        scene.perform("register_client_key", {"client_id": "he-thong-khac", "jwk": jwk})
    act = scene.act(client_id="he-thong-khac", credential_id=scene.other_seal)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_client(act))


def test_an_unknown_administrative_act_is_asked_for(scene: Scene) -> None:
    for action in ("sign", "sign_token", "export_key", "", "CREATE_CREDENTIAL"):
        with scene.nothing_happens(ActRefused):
            scene.perform(action or " ", {"credential_id": scene.seal})


def test_an_administrator_is_retired_so_that_one_is_left(scene: Scene, name: str) -> None:
    """Who would then stand alone proposes it, and the other one agrees to go."""
    passkey, _ = scene.new_person(name)
    linked = {"admin_id": "admin-2", "person_id": name}
    scene.process.perform("link_administrator", linked, passkey)
    act = draft("retire_administrator", {"admin_id": "admin-2", "reason": "x"}, now=int(time.time()))
    with scene.nothing_happens(PolicyRefused, match="policy"):
        scene.admin.perform(act, [approve(act, scene.process.admin_keys[0]), scene.by_passkey(act, name)])
