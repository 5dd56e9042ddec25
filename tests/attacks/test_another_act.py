"""An honest approval under another act: one thing changed, each in turn."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from hsm.acts.act import SignAct, new_act_id
from hsm.algorithms import SignatureAlgorithm
from hsm.client import ActMalformed, ActRefused, GrantRefused, Item, PolicyRefused
from tests.attacks.scene import CLIENT, OTHER_CLIENT, Scene, bare, digests

Change = Callable[[Scene, SignAct], SignAct]

CHANGES: dict[str, Change] = {
    "a swapped hash": lambda _, act: replace(act, items=(bare("evil"), act.items[1])),
    "an added hash": lambda _, act: replace(act, items=(*act.items, bare("evil"))),
    "a dropped hash": lambda _, act: replace(act, items=act.items[:1]),
    "reordered hashes": lambda _, act: replace(act, items=act.items[::-1]),
    "the same hash twice": lambda _, act: replace(act, items=(act.items[0], act.items[0])),
    "another title": lambda _, act: replace(
        act, items=(replace(act.items[0], title="Giấy mời"), act.items[1])
    ),
    "another kind of content": lambda _, act: replace(
        act, items=(replace(act.items[0], kind="prepared"), act.items[1])
    ),
    "another source file": lambda _, act: replace(
        act, items=(replace(act.items[0], source=bytes(32)), act.items[1])
    ),
    "another credential of the same holder": lambda scene, act: replace(
        act, credential_id=scene.seal if act.credential_id != scene.seal else scene.personal
    ),
    "another's credential": lambda scene, act: replace(
        act,
        credential_id=scene.other_seal if act.credential_id == scene.seal else scene.others_personal,
    ),
    "another client": lambda _, act: replace(act, client_id=OTHER_CLIENT),
    "another algorithm": lambda _, act: replace(act, algorithm=SignatureAlgorithm.PS256),
    "a later expiry": lambda _, act: replace(act, expires_at=act.expires_at + 1),
    "another time of issue": lambda _, act: replace(act, issued_at=act.issued_at - 1),
    "another document kind": lambda _, act: replace(act, document_kind="receipt"),
    "another id": lambda _, act: replace(act, act_id=new_act_id()),
}


@pytest.mark.parametrize("person", [False, True], ids=["client_jws", "passkey"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_approval_is_put_under_an_act_with(scene: Scene, change: Change, person: bool) -> None:
    items = (bare("a"), bare("b"))
    act = scene.persons_act(*items) if person else scene.act(*items)
    approval = scene.by_passkey(act) if person else scene.by_client(act)
    changed = change(scene, act)
    with scene.nothing_happens():
        scene.sign(changed, approval)
    with scene.nothing_happens():
        scene.signsvc.authorize(changed.encode(), approval)
    # None of it spent what was approved.
    assert len(scene.sign(act, approval)) == 2


ITEMS: dict[str, Callable[[list[Item]], list[Item]]] = {
    "another hash": lambda items: [Item(digest=bare("evil").digest), items[1]],
    "the hashes the other way round": lambda items: items[::-1],
    "a hash less": lambda items: items[:1],
    "a hash more than was approved": lambda items: [*items, items[0]],
    "no hash": lambda _: [],
    "an empty hash": lambda items: [Item(digest=b""), items[1]],
    "a hash of 31 bytes": lambda items: [Item(digest=items[0].digest[:31]), items[1]],
    "a hash of 33 bytes": lambda items: [Item(digest=items[0].digest + b"\0"), items[1]],
}


@pytest.mark.parametrize("change", ITEMS.values(), ids=ITEMS.keys())
def test_an_approved_act_comes_with(scene: Scene, change: Callable[[list[Item]], list[Item]]) -> None:
    act = scene.act(bare("a"), bare("b"))
    approval = scene.by_client(act)
    with scene.nothing_happens():
        scene.sign(act, approval, change(digests(act)))
    assert len(scene.sign(act, approval)) == 2


def test_a_sad_of_another_client_is_redeemed(scene: Scene) -> None:
    act = scene.act()
    sad = scene.sad(act)
    for client in (OTHER_CLIENT, "", CLIENT.upper()):
        with scene.nothing_happens(GrantRefused):
            scene.redeem(sad, digests(act), client_id=client)


def test_a_sad_is_redeemed_for_another_credential(scene: Scene) -> None:
    act = scene.act()
    sad = scene.sad(act)
    with scene.nothing_happens(GrantRefused):
        scene.redeem(sad, digests(act), credential_id=scene.other_seal)


def test_a_sad_is_redeemed_at_positions_beyond_the_act(scene: Scene) -> None:
    act = scene.act()
    sad = scene.sad(act)
    for positions in ([1], [2**31], [0, 1]):
        with scene.nothing_happens(ActMalformed):
            scene.redeem(sad, digests(act) * len(positions), positions=positions)


def test_a_sad_is_redeemed_for_a_hash_that_it_does_not_name(scene: Scene) -> None:
    sad = scene.sad(scene.act())
    with scene.nothing_happens(GrantRefused):
        scene.redeem(sad, [Item(digest=bare("evil").digest)])


def test_a_sad_is_redeemed_for_one_more_than_it_names(scene: Scene) -> None:
    act = scene.act(bare("a"), bare("b"))
    sad = scene.sad(act)
    with scene.nothing_happens(GrantRefused):
        scene.redeem(sad, [*digests(act), *digests(act)[:1]])
    assert len(scene.redeem(sad, digests(act))) == 2


def test_a_sad_is_guessed(scene: Scene) -> None:
    for sad in ("x", "A" * 43, "null", "' OR 1=1 --", "é" * 43):
        with scene.nothing_happens(GrantRefused):
            scene.redeem(sad, [Item(digest=bytes(32))])


def test_one_more_signature_than_the_key_profile_allows_is_asked_for(scene: Scene) -> None:
    act = scene.act(*(bare(str(number)) for number in range(1001)))
    with scene.nothing_happens(PolicyRefused):
        scene.sign(act, scene.by_client(act))


def test_an_act_has_expired(scene: Scene) -> None:
    moment = int(time.time())
    for expires_at in (moment - 1, moment - 86_400, 1):
        act = scene.act(issued_at=max(expires_at - 300, 0), expires_at=expires_at)
        with scene.nothing_happens(GrantRefused):
            scene.sign(act, scene.by_client(act))


def test_a_sad_has_expired(scene: Scene) -> None:
    moment = int(time.time())
    act = scene.act(issued_at=moment - 10, expires_at=moment + 2)
    sad = scene.sad(act)
    time.sleep(act.expires_at - time.time() + 0.05)
    with scene.nothing_happens(GrantRefused, match="expired"):
        scene.redeem(sad, digests(act))
    with scene.nothing_happens(GrantRefused, match="expired"):
        scene.signsvc.extend(sad, client_id=act.client_id)


def test_an_act_was_issued_in_the_future(scene: Scene) -> None:
    moment = int(time.time()) + 3600
    act = scene.act(issued_at=moment, expires_at=moment + 300)
    with scene.nothing_happens(ActMalformed):
        scene.sign(act, scene.by_client(act))


def test_an_act_ends_before_it_begins(scene: Scene) -> None:
    moment = int(time.time())
    act = scene.act(issued_at=moment + 50, expires_at=moment + 20)
    with scene.nothing_happens(ActRefused):
        scene.sign(act, scene.by_client(act))


def test_an_act_stays_open_longer_than_the_key_profile_allows(scene: Scene) -> None:
    act = scene.act(expires_at=int(time.time()) + 7200)
    with scene.nothing_happens(PolicyRefused):
        scene.sign(act, scene.by_client(act))
