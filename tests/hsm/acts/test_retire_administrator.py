"""An administrator whose work ends: proposed by one, approved by another's passkey, never below two."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from hsm import store
from hsm.acts.approval import Approval
from hsm.administer import draft
from hsm.errors import ActMalformed, ActRefused, ApprovalRefused, GrantRefused, PolicyRefused
from hsm.store import StoredAdmin
from hsm.tables import admin
from policies.model import ActionName
from tests.hsm.acts.conftest import NOW
from tests.hsm.acts.governed_house import FILES, STRICTER, GovernedHouse

ONE, TWO, THREE = "quan-tri-1", "quan-tri-2", "quan-tri-3"


def retirement(admin_id: str, **more: object) -> bytes:
    parameters = {"admin_id": admin_id, "reason": "Nghỉ hưu", **more}
    return draft("retire_administrator", parameters, now=int(NOW.timestamp()))


def retire(ruled: GovernedHouse, admin_id: str = THREE, by: str = ONE, other: str = TWO) -> None:
    act = retirement(admin_id)
    ruled.do(act, ruled.by_key(act, by), ruled.by_passkey(act, other))


def test_who_was_retired_approves_nothing_by_key_or_by_passkey(ruled: GovernedHouse) -> None:
    retire(ruled)
    act = retirement(ONE)
    with pytest.raises(ApprovalRefused):
        ruled.do(act, ruled.by_key(act, THREE), ruled.by_passkey(act, TWO))
    act = ruled.act_on(ruled.lay_down(STRICTER))
    with pytest.raises(ApprovalRefused):
        ruled.do(act, ruled.by_key(act, ONE), ruled.by_passkey(act, THREE))
    assert ruled.active.version == 1


def test_the_journal_says_that_it_was_done_and_names_nobody(ruled: GovernedHouse) -> None:
    retire(ruled)
    [entry] = [one for one in ruled.entries() if one.get("action") == "retire_administrator"]
    assert entry["rules"] == ["retire-administrator"]
    assert len(entry["approvals"]) == 2
    assert entry["asked"]["about"] == {"state": "active", "others": 2}
    assert THREE not in str(entry)


def test_a_policy_that_the_retired_one_approved_stays_in_force(ruled: GovernedHouse) -> None:
    act = ruled.act_on(ruled.lay_down(STRICTER))
    ruled.do(act, ruled.by_key(act, THREE), ruled.by_passkey(act, TWO))
    retire(ruled)
    ruled.restart()
    assert ruled.active.version == 2
    ruled.activate(FILES)


def test_two_administrators_always_remain(ruled: GovernedHouse) -> None:
    retire(ruled)
    before = len(ruled.entries())
    with pytest.raises(PolicyRefused) as refused:
        retire(ruled, ONE, by=ONE, other=TWO)
    assert refused.value.rules == ("never-fewer-than-two-administrators",)
    assert len(ruled.entries()) == before


def test_an_administrator_whom_somebody_wrote_does_not_count_as_remaining(ruled: GovernedHouse) -> None:
    with ruled.database.writing() as connection:
        for number in (4, 5):
            written = StoredAdmin(f"quan-tri-{number}", f"kid-{number}", "x", "{}", seal=b"x")
            store.add_admin(connection, written)
    retire(ruled)
    with pytest.raises(PolicyRefused):
        retire(ruled, ONE, by=ONE, other=TWO)


def test_two_acts_at_once_leave_two(ruled: GovernedHouse) -> None:
    """Both were asked while two others remained: the later one is refused when it is written."""
    operations = ruled.administration._operations
    retiring = operations[ActionName.RETIRE_ADMINISTRATOR]
    prepare = retiring.witnessed

    def meanwhile(witnessed, now):  # type: ignore[no-untyped-def]
        prepared = prepare(witnessed, now)  # type: ignore[misc]
        with ruled.database.writing() as connection:
            assert store.retire_admin(connection, TWO)
        return prepared

    operations[ActionName.RETIRE_ADMINISTRATOR] = replace(retiring, witnessed=meanwhile)
    with pytest.raises(ActMalformed, match="at least remain"):
        retire(ruled)
    assert {one.admin_id for one in active(ruled)} == {ONE, THREE}


def test_one_alone_or_keys_alone_retire_nobody(ruled: GovernedHouse) -> None:
    act = retirement(THREE)
    for approvals in (
        [ruled.by_key(act)],
        [ruled.by_key(act, ONE), ruled.by_key(act, TWO)],
        [ruled.by_key(act, ONE), ruled.by_passkey(act, ONE)],
        [ruled.by_passkey(act, ONE), ruled.by_passkey(act, TWO)],
        [ruled.by_key(act, ONE), Approval("passkey", "{}")],
        [],
    ):
        with pytest.raises(ActRefused):
            ruled.do(act, *approvals)
    assert len(active(ruled)) == 3


def test_nobody_is_retired_twice_and_an_act_does_it_once(ruled: GovernedHouse) -> None:
    act = retirement(THREE)
    approvals = [ruled.by_key(act), ruled.by_passkey(act)]
    ruled.do(act, *approvals)
    with pytest.raises((ActMalformed, GrantRefused)):
        ruled.do(act, *approvals)
    for unknown in (THREE, "khong-ai"):
        with pytest.raises(ActMalformed, match="no such administrator"):
            retire(ruled, unknown)
    act = retirement(TWO, more=1)
    with pytest.raises(ActMalformed):
        ruled.do(act, ruled.by_key(act), ruled.by_passkey(act))


def test_whose_passkey_approved_something_else_meanwhile_is_asked_again_and_keeps_it(
    ruled: GovernedHouse,
) -> None:
    """An approval waits in a file until the act is performed; its passkey is used on, and counts on."""
    act = retirement(THREE)
    waiting = ruled.by_passkey(act, TWO)
    meanwhile = ruled.act_on(ruled.lay_down(STRICTER))
    ruled.do(meanwhile, ruled.by_key(meanwhile, ONE), ruled.by_passkey(meanwhile, TWO), after=5)
    with pytest.raises(ApprovalRefused, match="approve a new act"):
        ruled.do(act, ruled.by_key(act, ONE), waiting, after=6)
    retire(ruled)
    assert len(active(ruled)) == 2


def test_setting_the_state_back_revives_nobody(ruled: GovernedHouse) -> None:
    retire(ruled)
    with ruled.database.writing() as connection:
        connection.execute(
            update(admin).where(admin.c.admin_id == THREE).values(state="active", person_id="nguoi-3")
        )
    ruled.directory.forget()
    act = retirement(ONE)
    with pytest.raises(ApprovalRefused):
        ruled.do(act, ruled.by_key(act, THREE), ruled.by_passkey(act, TWO))
    act = retirement(ONE)
    with pytest.raises(ApprovalRefused):
        ruled.do(act, ruled.by_key(act, TWO), ruled.by_passkey(act, THREE))


def active(ruled: GovernedHouse) -> list[StoredAdmin]:
    with ruled.database.reading() as connection:
        return store.active_admins(connection)
