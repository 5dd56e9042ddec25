"""The same approval again: at once, in parallel, after a restart, after a power failure, in parts."""

import threading
from collections.abc import Callable

import pytest

from hsm.acts.act import SignAct
from hsm.client import ActRefused, Approval, GrantRefused, KeyProcess
from tests.attacks.scene import Scene, bare, digests

THREADS = 100
Approve = Callable[[Scene, SignAct], Approval]

BY_CLIENT: Approve = lambda scene, act: scene.by_client(act)  # noqa: E731
BY_PASSKEY: Approve = lambda scene, act: scene.by_passkey(act)  # noqa: E731
both_kinds = pytest.mark.parametrize("approve", [BY_CLIENT, BY_PASSKEY], ids=["client_jws", "passkey"])


def act_for(scene: Scene, approve: Approve, *texts: str) -> SignAct:
    items = [bare(text) for text in texts or ("a",)]
    return scene.act(*items) if approve is BY_CLIENT else scene.persons_act(*items)


@both_kinds
def test_an_approval_that_was_used_is_replayed(scene: Scene, approve: Approve) -> None:
    act = act_for(scene, approve)
    approval = approve(scene, act)
    scene.sign(act, approval)
    with scene.nothing_happens(GrantRefused):
        scene.sign(act, approval)
    with scene.nothing_happens(GrantRefused):
        scene.sad(act, approval)


@both_kinds
def test_a_hundred_threads_replay_one_approval(scene: Scene, approve: Approve) -> None:
    act = act_for(scene, approve)
    approval = approve(scene, act)
    with scene.signed_once(act.credential_id):
        assert in_parallel(lambda: scene.sign(act, approval)) == 1


def test_a_hundred_threads_redeem_one_sad(scene: Scene) -> None:
    act = scene.act()
    sad = scene.sad(act)
    with scene.signed_once():
        assert in_parallel(lambda: scene.redeem(sad, digests(act))) == 1


@both_kinds
@pytest.mark.parametrize("kill", [False, True], ids=["restart", "kill -9"])
def test_an_approval_is_replayed_after_the_process_came_back(
    scene: Scene, approve: Approve, kill: bool
) -> None:
    act = act_for(scene, approve)
    approval = approve(scene, act)
    scene.sign(act, approval)
    scene.restart(kill=kill)
    with scene.nothing_happens(GrantRefused):
        scene.sign(act, approval)


def test_a_sad_is_replayed_after_a_power_failure(scene: Scene) -> None:
    """Killed between the signature and what marks its row: a reserved row is never free again."""
    act = scene.act(bare("a"), bare("b"))
    sad = scene.sad(act)
    scene.redeem(sad, digests(act)[:1], positions=[0])
    scene.restart(kill=True)
    with scene.nothing_happens(GrantRefused):
        scene.redeem(sad, digests(act)[:1], positions=[0])
    assert scene.redeem(sad, digests(act)[1:], positions=[1])


def test_another_key_process_on_the_same_store_is_asked_again(scene: Scene) -> None:
    act = scene.act()
    sad = scene.sad(act)
    other = KeyProcess(scene.process.admin)  # another way in, as after a failover
    scene.redeem(sad, digests(act))
    with scene.nothing_happens(GrantRefused):
        other.sign(digests(act), sad=sad, client_id=act.client_id)
    other.close()


def test_a_sad_is_used_again(scene: Scene) -> None:
    act = scene.act()
    sad = scene.sad(act)
    scene.redeem(sad, digests(act))
    with scene.nothing_happens(GrantRefused):
        scene.redeem(sad, digests(act))


def test_a_sad_that_was_replaced_is_used(scene: Scene) -> None:
    act = scene.act()
    sad = scene.sad(act)
    scene.signsvc.extend(sad, client_id=act.client_id)
    with scene.nothing_happens(GrantRefused):
        scene.redeem(sad, digests(act))


def test_a_spent_sad_is_extended(scene: Scene) -> None:
    act = scene.act()
    sad = scene.sad(act)
    scene.redeem(sad, digests(act))
    with scene.nothing_happens(GrantRefused):
        scene.signsvc.extend(sad, client_id=act.client_id)


def test_one_digest_is_named_twice_in_one_call(scene: Scene) -> None:
    act = scene.act(bare("a"), bare("b"))
    sad = scene.sad(act)
    with scene.nothing_happens(ActRefused):
        scene.redeem(sad, digests(act)[:1] * 2)
    with scene.nothing_happens(ActRefused):
        scene.redeem(sad, digests(act)[:1] * 2, positions=[0, 0])


def in_parallel(sign: Callable[[], object]) -> int:
    """How many of a hundred threads at once were not refused."""
    begun = threading.Barrier(THREADS)
    signed: list[object] = []
    refused: list[ActRefused] = []

    def attempt() -> None:
        begun.wait()
        try:
            signed.append(sign())
        except ActRefused as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=attempt) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signed) + len(refused) == THREADS
    return len(signed)
