"""Nobody gives more than they hold: when a mandate is passed on, and again whenever one signs by it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hsm import roles
from hsm.errors import ActMalformed, PolicyRefused
from hsm.roles import StoredMandate
from tests.hsm.acts.office_house import DEPUTY, HEAD, OF_DEPUTY, SO, UBND, UNIT, OfficeHouse

HOUR = 3600
BELOW = "pho-van-phong"
OF_UNIT = "TL. CHỦ TỊCH / CHÁNH VĂN PHÒNG"
OF_BELOW = "TL. CHỦ TỊCH / KT. CHÁNH VĂN PHÒNG / PHÓ CHÁNH VĂN PHÒNG"


class TwoLevels(OfficeHouse):
    """The head's order to a unit's head, for one kind of document and two hours; the unit has a deputy."""

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url)
        self.employ(BELOW)
        self.posts[BELOW] = self.post(BELOW, "unit_deputy", "PHÓ CHÁNH VĂN PHÒNG")
        self.moment = int(self.now.timestamp())
        self.order = self.mandate(
            "TL", UNIT, OF_UNIT, document_kinds=["giay-moi", "thong-bao"], ends_at=self.moment + 2 * HOUR
        )

    def pass_on(self, **more: Any) -> str:
        narrow = {"document_kinds": ["giay-moi"], "ends_at": self.moment + HOUR}
        chosen = {name: value for name, value in (narrow | more).items() if value is not None}
        return self.mandate("KT", BELOW, OF_BELOW, by=UNIT, from_mandate=self.order, **chosen)

    def slip_in(self, **changes: Any) -> str:
        """A row that no act gave: whatever the column takes."""
        given: dict[str, Any] = {
            "mandate_id": "slipped-in", "form": "KT", "office_id": UBND, "from_post": None,
            "from_mandate": self.order, "to_post": self.posts[BELOW], "capacity": OF_BELOW,
            "operations": "comment initial sign", "document_kinds": "", "written": "",
            "starts_at": self.moment, "ends_at": None,
        }  # fmt: skip
        with self.database.writing() as connection:
            roles.add_mandate(connection, StoredMandate(**given | changes))
        return str((given | changes)["mandate_id"])

    def refusal(self, who: str = BELOW, capacity: str = OF_BELOW, name: str = "sign", **more: Any) -> Any:
        before = len(self.signing_entries())
        with pytest.raises(PolicyRefused) as caught:
            self.do(name, who, capacity=capacity, **{"document_kind": "giay-moi", **more})
        assert len(self.signing_entries()) == before
        return caught.value.rules


@pytest.fixture
def house(tmp_path: Path) -> Iterator[TwoLevels]:
    built = TwoLevels(f"sqlite:///{tmp_path}/office.sqlite3")
    yield built
    built.close()


def test_what_is_passed_on_narrower_is_signed_under(house: TwoLevels) -> None:
    mandate = house.pass_on()
    entry = house.entry(house.do("sign", BELOW, capacity=OF_BELOW, document_kind="giay-moi"))
    assert entry["operation"]["mandate"] == mandate
    assert house.refusal(document_kind="thong-bao") == ("mandate-in-scope",)


@pytest.mark.parametrize(
    ("wider", "named"),
    [
        ({"document_kinds": ["giay-moi", "quyet-dinh"]}, "document_kinds"),
        ({"document_kinds": None}, "document_kinds"),
        ({"operations": ["sign", "initial"]}, "operations"),
        ({"ends_at": None}, "ends_at"),
        ({"ends_at": 2 * HOUR + 1}, "ends_at"),
    ],
    ids=["one kind more", "every kind", "one operation more", "no end", "a second longer"],
)
def test_a_mandate_is_not_passed_on_wider_than_it_was_given(
    house: TwoLevels, wider: dict[str, Any], named: str
) -> None:
    if wider.get("ends_at"):
        wider = {"ends_at": house.moment + wider["ends_at"]}
    before = house.entries()
    with pytest.raises(ActMalformed, match=f"narrow {named} to what it gives"):
        house.pass_on(**wider)
    assert house.entries() == before, "refused before an intent was written"


def test_a_mandate_without_limits_is_passed_on_with_or_without(house: TwoLevels) -> None:
    house.order = house.mandate("TL", UNIT, OF_UNIT)
    house.pass_on(document_kinds=None, ends_at=None)
    house.do("sign", BELOW, capacity=OF_BELOW, document_kind="quyet-dinh")


def test_a_mandate_ends_with_the_post_by_which_it_is_given(house: TwoLevels) -> None:
    house.employ("quyen")
    ends_at = house.moment + HOUR
    house.posts["quyen"] = house.post("quyen", "head", "Q. CHỦ TỊCH", ends_at=ends_at)
    for later in ({}, {"ends_at": ends_at + 1}):
        with pytest.raises(ActMalformed, match="no later than its end"):
            house.mandate("KT", DEPUTY, OF_DEPUTY, by="quyen", **later)
    house.mandate("KT", DEPUTY, OF_DEPUTY, by="quyen", ends_at=ends_at)


def test_a_row_that_says_more_than_what_it_rests_on_signs_no_more(house: TwoLevels) -> None:
    house.slip_in()
    assert house.refusal(document_kind="quyet-dinh") == ("mandate-in-scope",)
    assert house.refusal(name="initial") == ("mandate-in-scope",)
    house.do("sign", BELOW, capacity=OF_BELOW, document_kind="thong-bao")
    house.later(hours=2)
    assert house.refusal() == ("mandate-in-force",)


def test_a_row_that_rests_on_a_mandate_of_another_office_signs_nothing(house: TwoLevels) -> None:
    house.order = house.slip_in(mandate_id="elsewhere", office_id=SO, from_post=house.posts[HEAD],
                                from_mandate=None, to_post=house.posts[UNIT])  # fmt: skip
    house.slip_in()
    assert house.refusal() == ("mandate-in-force",)


def test_a_row_that_rests_on_itself_or_on_too_many_signs_nothing(house: TwoLevels) -> None:
    house.slip_in(mandate_id="itself", from_mandate="itself")
    assert house.refusal(mandate="itself") == ("mandate-in-force",)
    for level in range(2, roles.MAX_DEPTH + 2):  # the order is the first
        house.order = house.slip_in(mandate_id=f"level-{level}")
    house.do("sign", BELOW, capacity=OF_BELOW, mandate=f"level-{roles.MAX_DEPTH}", document_kind="giay-moi")
    assert house.refusal(mandate=f"level-{roles.MAX_DEPTH + 1}") == ("mandate-in-force",)


def test_only_ones_own_deputy_signs_in_ones_stead(house: TwoLevels) -> None:
    """TL. of a department's head goes to that department's deputy and to nobody else."""
    house.admin("register_office", office="H47.6", name="Sở khác", above=UBND, training=True)
    for person in ("giam-doc", "pho-giam-doc", "pho-so-khac"):
        house.employ(person)
    head = house.post("giam-doc", "head", "GIÁM ĐỐC", office=SO)
    own = house.post("pho-giam-doc", "deputy", "PHÓ GIÁM ĐỐC", office=SO)
    others = house.post("pho-so-khac", "deputy", "PHÓ GIÁM ĐỐC", office="H47.6")
    order = house.mandate("TL", head, "TL. CHỦ TỊCH / GIÁM ĐỐC")
    capacity = "TL. CHỦ TỊCH / KT. GIÁM ĐỐC / PHÓ GIÁM ĐỐC"
    for stranger in (others, house.posts[BELOW], house.posts[DEPUTY]):
        with pytest.raises(PolicyRefused) as caught:
            house.mandate("KT", stranger, capacity, by="giam-doc", from_mandate=order)
        assert caught.value.rules == ("never-mandate-to-wrong-post",)
    with pytest.raises(PolicyRefused):  # nor does the unit's head pass theirs on to a department's deputy
        house.mandate("KT", own, OF_BELOW, by=UNIT, from_mandate=house.order,
                      document_kinds=["giay-moi"], ends_at=house.moment + HOUR)  # fmt: skip
    house.mandate("KT", own, capacity, by="giam-doc", from_mandate=order)
    house.do("sign", "pho-giam-doc", capacity=capacity)
