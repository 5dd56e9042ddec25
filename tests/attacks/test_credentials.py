"""A credential that may not sign: suspended, revoked, destroyed, never certified, expired, or for tokens."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from hsm.client import ActRefused, CredentialNotUsable, GrantRefused
from tests.attacks.scene import CLIENT, Scene, digests

ENDED: dict[str, Callable[[Scene, str], Any]] = {
    "suspended": lambda scene, one: scene.perform("suspend_credential", {"credential_id": one}),
    "revoked": lambda scene, one: scene.perform(
        "revoke_credential", {"credential_id": one, "reason": "keyCompromise"}
    ),
    "destroyed": lambda scene, one: scene.perform("destroy_credential", {"credential_id": one}),
}


@pytest.mark.parametrize("end", ENDED.values(), ids=ENDED.keys())
def test_a_credential_signs_though_it_is(scene: Scene, end: Callable[[Scene, str], Any]) -> None:
    one = scene.certified("service-seal", CLIENT)
    act, granted = (scene.act(credential_id=one) for _ in range(2))
    approval, sad = scene.by_client(act), scene.sad(granted)
    end(scene, one)
    with scene.nothing_happens(CredentialNotUsable):
        scene.sign(act, approval)
    # What was authorised before opens nothing now.
    with scene.nothing_happens(CredentialNotUsable):
        scene.redeem(sad, digests(granted))
    with scene.nothing_happens(CredentialNotUsable):
        scene.signsvc.extend(sad, client_id=CLIENT)


def test_a_credential_signs_after_all_of_its_holder_was_suspended(scene: Scene, name: str) -> None:
    _, credential_id = scene.new_person(name)
    act = scene.act(credential_id=credential_id)
    approval = scene.by_passkey(act, name)
    scene.perform("suspend_holder", {"holder": name, "holder_kind": "Person"})
    with scene.nothing_happens(CredentialNotUsable):
        scene.sign(act, approval)


def test_a_credential_signs_before_it_has_a_certificate(scene: Scene) -> None:
    made = scene.process.create_credential("service-seal", CLIENT)
    act = scene.act(credential_id=made["credential_id"])
    with scene.nothing_happens(CredentialNotUsable):
        scene.sign(act, scene.by_client(act))


def test_a_credential_signs_that_does_not_exist(scene: Scene) -> None:
    for one in ("no-such-credential", "' OR 1=1 --", "%"):
        act = scene.act(credential_id=one)
        with scene.nothing_happens(CredentialNotUsable):
            scene.sign(act, scene.by_client(act))


@pytest.fixture(scope="module")
def expired(scene: Scene) -> str:
    """A credential whose certificate ended while the process was running."""
    made = scene.process.create_credential("service-seal", CLIENT)
    end = int(time.time()) + 2
    start = end - 3600
    chain = scene.devca.issue(made["csr"], "service-seal", not_before=start, not_after=end)
    scene.process.perform("activate_credential", {"credential_id": made["credential_id"], "chain": chain})
    time.sleep(max(0.0, end + 1 - time.time()))
    return str(made["credential_id"])


def test_a_credential_signs_though_its_certificate_has_expired(scene: Scene, expired: str) -> None:
    act = scene.act(credential_id=expired)
    with scene.nothing_happens(CredentialNotUsable, match="expired"):
        scene.sign(act, scene.by_client(act))


def test_an_act_with_times_of_long_ago_makes_an_expired_certificate_good(scene: Scene, expired: str) -> None:
    moment = int(time.time()) - 600
    act = scene.act(credential_id=expired, issued_at=moment, expires_at=moment + 300)
    with scene.nothing_happens(ActRefused):
        scene.sign(act, scene.by_client(act))


def test_a_sad_outlives_its_certificate(scene: Scene) -> None:
    made = scene.process.create_credential("service-seal", CLIENT)
    end = int(time.time()) + 3
    chain = scene.devca.issue(made["csr"], "service-seal", not_before=end - 3600, not_after=end)
    parameters = {"credential_id": made["credential_id"], "chain": chain}
    scene.process.perform("activate_credential", parameters)
    too_long = scene.act(credential_id=made["credential_id"])
    with scene.nothing_happens(CredentialNotUsable, match="longer"):
        scene.signsvc.authorize(too_long.encode(), scene.by_client(too_long))
    act = scene.act(credential_id=made["credential_id"], expires_at=end)
    sad = scene.sad(act)
    time.sleep(max(0.0, end + 0.1 - time.time()))
    with scene.nothing_happens((CredentialNotUsable, GrantRefused)):
        scene.redeem(sad, digests(act))


def test_a_key_for_tokens_signs_a_document(scene: Scene) -> None:
    # One of its own: how many there are depends on which attacks came before.
    made = scene.process.create_credential("oidc-token", "idp")
    scene.process.perform("activate_credential", {"credential_id": made["credential_id"]})
    act = scene.act(credential_id=made["credential_id"])
    with scene.nothing_happens():
        scene.sign(act, scene.by_client(act))


def test_a_training_certificate_makes_a_real_credential(scene: Scene) -> None:
    made = scene.process.create_credential("service-seal", CLIENT, training=False)
    chain = scene.devca.issue(made["csr"], "service-seal")
    parameters = {"credential_id": made["credential_id"], "chain": chain}
    with pytest.raises(ActRefused, match="training"):
        scene.process.perform("activate_credential", parameters)
    act = scene.act(credential_id=made["credential_id"])
    with scene.nothing_happens(CredentialNotUsable):
        scene.sign(act, scene.by_client(act))


def test_anothers_certificate_activates_a_credential(scene: Scene) -> None:
    one, other = (scene.process.create_credential("service-seal", CLIENT) for _ in range(2))
    chain = scene.devca.issue(other["csr"], "service-seal")
    with pytest.raises(ActRefused):
        scene.process.perform("activate_credential", {"credential_id": one["credential_id"], "chain": chain})
    act = scene.act(credential_id=one["credential_id"])
    with scene.nothing_happens(CredentialNotUsable):
        scene.sign(act, scene.by_client(act))
