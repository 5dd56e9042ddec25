"""A SAD is asked of the policy again when it is redeemed: what changed since it was given out counts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hsm import store
from hsm.acts.approval import Approval
from hsm.acts.erase import erase_acts
from hsm.errors import GrantRefused, PolicyRefused
from hsm.tables import grant
from policies.model import Decision, Question
from tests.hsm.acts.conftest import NOW, ONE_STOP, House, bare_item, to_sign
from tests.hsm.acts.governed_house import FILES, STRICTER, GovernedHouse
from tests.hsm.acts.office_house import CLERK, HEAD, OF_HEAD, UBND, UNIT, OfficeHouse

MOMENT = int(NOW.timestamp())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OfficeHouse]:
    built = OfficeHouse(f"sqlite:///{tmp_path}/office.sqlite3")
    yield built
    built.close()


def test_a_policy_that_came_into_force_since_the_approval_counts(ruled: GovernedHouse) -> None:
    seal = ruled.add_credential("service-seal", "one-stop")
    act = ruled.act(*(bare_item(str(number)) for number in range(6)), credential_id=seal)
    sad = ruled.signing.authorize(act.encode(), ruled.approve(act.encode()), now=NOW).sad
    first, *others = to_sign(act)
    ruled.signing.sign_granted(sad, ONE_STOP, [first], now=NOW)
    ruled.activate(STRICTER)
    with pytest.raises(PolicyRefused) as refused:
        ruled.signing.sign_granted(sad, ONE_STOP, others, now=NOW)
    assert refused.value.rules == ("never-more-than-five",)
    assert ruled.key.uses == 1
    ruled.activate(FILES)
    ruled.signing.sign_granted(sad, ONE_STOP, others, now=NOW)
    versions = [entry["policy"] for entry in ruled.signing_entries() if entry.get("kind") == "dtbsr"]
    assert versions == [1] + [3] * 5, "a leaf names the policy that allowed this very use"


def test_a_seal_that_was_handed_over_since_is_not_put_by_the_clerk_who_had_it(office: OfficeHouse) -> None:
    signed = office.do("sign", HEAD, capacity=OF_HEAD)
    act = office.typed("issue", office.seal, signed)
    approval = Approval(**office.passkeys[CLERK].approve(act.encode()))
    sad = office.signing.authorize(act.encode(), approval, now=office.now).sad
    with office.database.writing() as connection:
        store.change_credential(connection, office.seal, ("active",), custodian=UNIT)
    office.directory.forget()
    with pytest.raises(PolicyRefused):
        office.signing.sign_granted(sad, ONE_STOP, office.attributes(act), now=office.now)
    assert [one["operation"]["name"] for one in office.signing_entries() if "operation" in one] == ["sign"]


def test_a_sad_of_office_hours_signs_nothing_after_them(office: OfficeHouse) -> None:
    office.later(hours=2, minutes=28)  # 17:28 in Viet Nam
    seal = office.add_credential("organisation-seal-office-hours", "one-stop", office=UBND, custodian=CLERK)
    act = office.typed("copy", seal, None, None, copy_form="sao_y")
    approval = Approval(**office.passkeys[CLERK].approve(act.encode()))
    sad = office.signing.authorize(act.encode(), approval, now=office.now).sad
    first, second = office.attributes(act)
    office.signing.sign_granted(sad, ONE_STOP, [first], now=office.now)
    office.later(minutes=3)
    with pytest.raises(PolicyRefused) as refused:
        office.signing.sign_granted(sad, ONE_STOP, [second], now=office.now)
    assert refused.value.rules == ("never-outside-office-hours",)


def test_a_batch_is_one_question_however_many_hashes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Question] = []
    decide = house.policy.decide

    def counted(question: Question) -> Decision:
        asked.append(question)
        return decide(question)

    act = house.act(*(bare_item(str(number)) for number in range(200)))
    sad = house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW).sad
    monkeypatch.setattr(house.policy, "decide", counted)
    assert len(house.signing.sign_granted(sad, ONE_STOP, to_sign(act), now=NOW)) == 200
    assert len(asked) == 1
    assert (asked[0].principal.id, asked[0].context.count) == ("one-stop", 200)


def test_a_sad_of_before_approvers_were_remembered_opens_nothing(house: House) -> None:
    act = house.act()
    sad = house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW).sad
    with house.database.writing() as connection:
        connection.execute(update(grant).values(approver_kind="", approver=""))
    with pytest.raises(GrantRefused) as refused:
        house.signing.sign_granted(sad, ONE_STOP, to_sign(act), now=NOW)
    assert refused.value.reason == "unknown"


def test_who_approved_is_kept_only_while_a_sad_may_need_it(office: OfficeHouse) -> None:
    office.do("sign", HEAD, capacity=OF_HEAD)
    act = office.typed("sign", office.credentials[HEAD], None, capacity=OF_HEAD)
    approval = Approval(**office.passkeys[HEAD].approve(act.encode()))
    office.signing.authorize(act.encode(), approval, now=office.now)
    assert approvers(office) == ["", HEAD], "what was used at once is never asked about again"
    assert erase_acts(office.database, MOMENT + 301, now=MOMENT + 400) == 2
    assert approvers(office) == ["", ""]


def approvers(house: House) -> list[str]:
    house.ledger.enter([])
    with house.database.reading() as connection:
        return sorted(connection.execute(select(grant.c.approver)).scalars())
