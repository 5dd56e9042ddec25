"""In which capacity one may sign: posts and mandates, and every way in which they end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hsm.acts.approval import Approval
from hsm.acts.redeem import Redeemer
from hsm.errors import ActMalformed, ApprovalRefused, PolicyRefused
from policies.model import ActionName
from tests.hsm.acts.office_house import CLERK, DEPUTY, HEAD, OF_DEPUTY, OF_HEAD, SO, UBND, UNIT, OfficeHouse

KT = {"form": "KT", "to": DEPUTY, "capacity": OF_DEPUTY}
TUQ = {
    "form": "TUQ",
    "to": UNIT,
    "capacity": "TUQ. CHỦ TỊCH / CHÁNH VĂN PHÒNG",
    "document_kinds": ["giay-moi"],
}
HOUR = 3600


@pytest.fixture
def house(tmp_path: Path) -> Iterator[OfficeHouse]:
    built = OfficeHouse(f"sqlite:///{tmp_path}/office.sqlite3")
    yield built
    built.close()


def refused(house: OfficeHouse, *arguments: Any, **more: Any) -> tuple[str, ...]:
    """The rules that refused an operation, which left nothing but its refusal behind."""
    before = len(house.signing_entries())
    with pytest.raises(PolicyRefused) as caught:
        house.do(*arguments, **more)
    assert len(house.signing_entries()) == before
    return caught.value.rules


def test_the_head_signs_in_their_own_right_and_the_journal_says_in_which_capacity(house: OfficeHouse) -> None:
    entry = house.entry(house.do("sign", HEAD, capacity=OF_HEAD))
    assert entry["operation"] == {
        "name": "sign", "office": UBND, "capacity": OF_HEAD, "post": house.posts[HEAD],
    }  # fmt: skip
    assert HEAD not in str(entry), "a leaf names offices, never a person"


def test_a_deputy_signs_only_by_a_mandate_and_the_journal_names_it(house: OfficeHouse) -> None:
    assert refused(house, "sign", DEPUTY, capacity="PHÓ CHỦ TỊCH") == ("capacity-held",)
    assert refused(house, "sign", DEPUTY, capacity=OF_DEPUTY) == ("capacity-held",)
    mandate = house.mandate(**KT)
    assert house.entry(house.do("sign", DEPUTY, capacity=OF_DEPUTY))["operation"]["mandate"] == mandate


def test_a_mandate_of_somebody_else_is_no_mandate(house: OfficeHouse) -> None:
    mandate = house.mandate(**KT)
    assert refused(house, "sign", UNIT, capacity=OF_DEPUTY, mandate=mandate) == ("capacity-held",)
    assert refused(house, "sign", DEPUTY, capacity=OF_HEAD, mandate=mandate) == ("capacity-held",)
    assert refused(house, "sign", DEPUTY, capacity=OF_DEPUTY, mandate=mandate, office=SO) == (
        "capacity-held",
    )


def test_a_mandate_holds_from_its_first_to_its_last_second(house: OfficeHouse) -> None:
    moment = int(house.now.timestamp())
    house.mandate(**KT, starts_at=moment + HOUR, ends_at=moment + 2 * HOUR)
    assert refused(house, "sign", DEPUTY, capacity=OF_DEPUTY) == ("mandate-in-force",)
    house.later(hours=1)
    house.do("sign", DEPUTY, capacity=OF_DEPUTY)
    house.later(minutes=59, seconds=59)
    house.do("sign", DEPUTY, capacity=OF_DEPUTY)
    house.later(seconds=1)
    assert refused(house, "sign", DEPUTY, capacity=OF_DEPUTY) == ("mandate-in-force",)


def test_a_revoked_mandate_signs_nothing_and_what_it_signed_may_still_be_issued(house: OfficeHouse) -> None:
    mandate = house.mandate(**KT)
    signed = house.do("sign", DEPUTY, capacity=OF_DEPUTY)
    house.admin("revoke_mandate", mandate=mandate)
    assert refused(house, "sign", DEPUTY, capacity=OF_DEPUTY) == ("mandate-in-force",)
    house.do("issue", CLERK, signed)


@pytest.mark.parametrize("whose", [HEAD, DEPUTY])
def test_a_mandate_lapses_with_the_post_of_who_gave_or_has_it(house: OfficeHouse, whose: str) -> None:
    house.mandate(**KT)
    house.admin("end_post", post=house.posts[whose])
    assert refused(house, "sign", DEPUTY, capacity=OF_DEPUTY) == ("mandate-in-force",)


def test_a_retired_grantor_leaves_no_mandate_behind(house: OfficeHouse) -> None:
    house.mandate(**KT)
    house.perform(ActionName.RETIRE_PERSON, {"person_id": HEAD})
    assert refused(house, "sign", DEPUTY, capacity=OF_DEPUTY) == ("mandate-in-force",)


def test_a_mandate_covers_its_operations_and_kinds_of_documents_alone(house: OfficeHouse) -> None:
    moment = int(house.now.timestamp())
    house.mandate(**TUQ, written="12/GUQ-UBND ngày 01/11/2026", ends_at=moment + HOUR)
    capacity = TUQ["capacity"]
    house.do("sign", UNIT, capacity=capacity, document_kind="giay-moi")
    assert refused(house, "sign", UNIT, capacity=capacity, document_kind="quyet-dinh") == (
        "mandate-in-scope",
    )
    assert refused(house, "comment", UNIT, capacity=capacity, document_kind="giay-moi") == (
        "mandate-in-scope",
    )


def test_tuq_is_never_passed_on(house: OfficeHouse) -> None:
    moment = int(house.now.timestamp())
    tuq = house.mandate(**TUQ, written="12/GUQ-UBND", ends_at=moment + HOUR)
    house.employ("pho-van-phong")
    below = house.post("pho-van-phong", "unit_deputy", "PHÓ CHÁNH VĂN PHÒNG")
    for form, capacity in (("KT", "KT. CHÁNH VĂN PHÒNG / PHÓ CHÁNH VĂN PHÒNG"), ("TUQ", "TUQ. CHỦ TỊCH")):
        with pytest.raises(PolicyRefused) as caught:
            house.mandate(
                form, below, capacity, by=UNIT, from_mandate=tuq, written="13/GUQ", ends_at=moment + 60,
                document_kinds=["giay-moi"],
            )  # fmt: skip
        assert "never-redelegate" in caught.value.rules


def test_tl_is_passed_on_to_the_own_deputy_and_falls_with_what_it_rests_on(house: OfficeHouse) -> None:
    order = house.mandate("TL", UNIT, "TL. CHỦ TỊCH / CHÁNH VĂN PHÒNG")
    house.employ("pho-van-phong")
    below = house.post("pho-van-phong", "unit_deputy", "PHÓ CHÁNH VĂN PHÒNG")
    capacity = "TL. CHỦ TỊCH / KT. CHÁNH VĂN PHÒNG / PHÓ CHÁNH VĂN PHÒNG"
    with pytest.raises(ApprovalRefused):  # the head passes on nothing that is not theirs
        house.mandate("KT", below, capacity, by=HEAD, from_mandate=order)
    house.mandate("KT", below, capacity, by=UNIT, from_mandate=order)
    house.do("sign", "pho-van-phong", capacity=capacity)
    house.admin("revoke_mandate", mandate=order)
    assert refused(house, "sign", "pho-van-phong", capacity=capacity) == ("mandate-in-force",)


def test_no_mandate_without_its_grantors_own_passkey(house: OfficeHouse) -> None:
    given = {"form": "KT", "office": UBND, "from_post": house.posts[HEAD], "to_post": house.posts[DEPUTY],
             "capacity": OF_DEPUTY}  # fmt: skip
    with pytest.raises(PolicyRefused) as caught:
        house.admin("give_mandate", **given)
    assert caught.value.rules == ("never-mandate-without-grantor",)
    with pytest.raises(ApprovalRefused):
        house.admin("give_mandate", DEPUTY, **given)  # not even who would have it
    with pytest.raises(PolicyRefused) as caught:
        house.admin("give_mandate", HEAD, admins=1, **given)
    assert caught.value.rules == ("never-one-person-for-offices",)


def test_a_deputy_gives_no_mandate(house: OfficeHouse) -> None:
    with pytest.raises(PolicyRefused) as caught:
        house.mandate("TL", UNIT, "TL. CHỦ TỊCH", by=DEPUTY)
    assert caught.value.rules == ("never-mandate-by-others",)


def test_the_words_of_a_mandate_say_its_form_and_those_of_a_post_say_none(house: OfficeHouse) -> None:
    with pytest.raises(ActMalformed):
        house.mandate("KT", DEPUTY, "PHÓ CHỦ TỊCH")
    for capacity in ("KT. CHỦ TỊCH", "TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH", "TUQ. CHỦ TỊCH", "A /  / B"):
        with pytest.raises(ActMalformed):
            house.post(DEPUTY, "head", capacity)


@pytest.mark.parametrize(
    "bad",
    [
        {"starts_at": 1}, {"ends_at": 1}, {"starts_at": "hôm nay"}, {"operations": ["issue"]},
        {"operations": []}, {"document_kinds": ["Quyết định"]}, {"from_mandate": "x"}, {"more": 1},
    ],
)  # fmt: skip
def test_a_mandate_that_makes_no_sense_is_refused(house: OfficeHouse, bad: dict[str, Any]) -> None:
    more = bad | {"from_post": house.posts[HEAD]}
    with pytest.raises((ActMalformed, ApprovalRefused)):
        house.mandate(**KT, **more)


def test_nobody_becomes_competent_for_the_past(house: OfficeHouse) -> None:
    moment = int(house.now.timestamp())
    given = house.admin(
        "give_post", office=UBND, person_id=CLERK, rank="member", capacity="VĂN THƯ", starts_at=moment - 600
    )
    assert given["starts_at"] == moment


def test_a_retired_office_signs_and_issues_nothing(house: OfficeHouse) -> None:
    signed = house.do("sign", HEAD, capacity=OF_HEAD)
    house.admin("retire_office", office=UBND)
    assert "office-active" in refused(house, "sign", HEAD, capacity=OF_HEAD)
    assert "office-active" in refused(house, "issue", CLERK, signed)


def test_a_grant_ends_with_the_mandate_it_was_authorised_under(house: OfficeHouse) -> None:
    mandate = house.mandate(**KT)
    act = house.typed("sign", house.credentials[DEPUTY], None, None, capacity=OF_DEPUTY)
    approval = Approval(**house.passkeys[DEPUTY].approve(act.encode()))
    sad = house.signing.authorize(act.encode(), approval, now=house.now).sad
    first, second = house.attributes(act)
    house.signing.sign_granted(sad, Redeemer("one-stop"), [first], now=house.now)
    house.admin("revoke_mandate", mandate=mandate)
    with pytest.raises(PolicyRefused) as caught:
        house.signing.sign_granted(sad, Redeemer("one-stop"), [second], now=house.now)
    assert caught.value.rules == ("mandate-in-force",)


def test_the_same_words_held_twice_are_told_apart_by_the_mandates_id(house: OfficeHouse) -> None:
    moment = int(house.now.timestamp())
    first = house.mandate(**KT, ends_at=moment + HOUR)
    second = house.mandate(**KT)
    for mandate in (first, second):
        entry = house.entry(house.do("sign", DEPUTY, capacity=OF_DEPUTY, mandate=mandate))
        assert entry["operation"]["mandate"] == mandate
    house.later(hours=2)
    assert house.entry(house.do("sign", DEPUTY, capacity=OF_DEPUTY))["operation"]["mandate"] == second
    assert refused(house, "sign", DEPUTY, capacity=OF_DEPUTY, mandate=first) == ("mandate-in-force",)
