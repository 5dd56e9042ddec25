"""What somebody with a mandate might make of it: more than they were given, or more people's."""

import time
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hsm import roles
from hsm.acts.act import SignAct
from hsm.acts.office_operation import OfficeOperation
from hsm.administer import approve, draft
from hsm.client import ActMalformed, PolicyRefused, Signed
from hsm.database import Database
from hsm.roles import StoredMandate
from tests.attacks.scene import Scene

OF_UNIT = "TL. CHỦ TỊCH / CHÁNH VĂN PHÒNG"
OF_DEPUTY = "TL. CHỦ TỊCH / KT. CHÁNH VĂN PHÒNG / PHÓ CHÁNH VĂN PHÒNG"
RANKS = {"head": "CHỦ TỊCH", "unit_head": "CHÁNH VĂN PHÒNG", "unit_deputy": "PHÓ CHÁNH VĂN PHÒNG"}


@dataclass
class Victim:
    """An office whose unit's head signs invitations, and nothing else, by order of its head."""

    scene: Scene
    office: str

    def __post_init__(self) -> None:
        self.perform("register_office", office=self.office, name="Cơ quan MẪU", training=True)
        self.credentials: dict[str, str] = {}
        self.posts: dict[str, str] = {}
        for rank, capacity in RANKS.items():
            self.employ(rank, rank, capacity, self.office)
        self.order = self.give("head", **{
            "form": "TL", "from_post": self.posts["head"], "to_post": self.posts["unit_head"],
            "capacity": OF_UNIT, "document_kinds": ["giay-moi"],
        })  # fmt: skip

    def employ(self, who: str, rank: str, capacity: str, office: str) -> None:
        _, self.credentials[who] = self.scene.new_person(self.person(who))
        given = self.perform("give_post", office=office, person_id=self.person(who), rank=rank,
                             capacity=capacity)  # fmt: skip
        self.posts[who] = given["post"]

    def person(self, who: str) -> str:
        return f"{self.office}-{who}"

    def perform(self, action: str, **parameters: Any) -> Any:
        return self.scene.perform(action, parameters)

    def give(self, grantor: str, **parameters: Any) -> str:
        """With the administrators' honest approval, and the grantor's."""
        act = draft("give_mandate", {"office": self.office, **parameters}, now=int(time.time()))
        approvals = [approve(act, key) for key in self.scene.process.admin_keys]
        approvals.append(self.scene.by_passkey(act, self.person(grantor)))
        return str(self.scene.admin.perform(act, approvals)["mandate"])

    def pass_on(self, **parameters: Any) -> str:
        return self.give("unit_head", **{
            "form": "KT", "from_mandate": self.order, "to_post": self.posts["unit_deputy"],
            "capacity": OF_DEPUTY, **parameters,
        })  # fmt: skip

    def act(self, who: str, document_kind: str) -> SignAct:
        act = self.scene.persons_act(self.scene.prepared(), credential_id=self.credentials[who])
        operation = OfficeOperation("sign", self.office, capacity=OF_DEPUTY)
        return replace(act, operation=operation, document_kind=document_kind)

    def sign(self, who: str, document_kind: str) -> list[Signed]:
        act = self.act(who, document_kind)
        return self.scene.sign(act, self.scene.by_passkey(act, self.person(who)), self.scene.attributes(act))


@pytest.fixture
def victim(scene: Scene, name: str) -> Victim:
    return Victim(scene, name)


def test_a_mandate_is_passed_on_wider_than_it_was_given(scene: Scene, victim: Victim) -> None:
    for wider in ({}, {"document_kinds": ["giay-moi", "quyet-dinh"]}, {"operations": ["sign", "initial"]}):
        with scene.nothing_happens(ActMalformed, match="gives less"):
            victim.pass_on(**{"document_kinds": ["giay-moi"], **wider} if wider else {})
    victim.pass_on(document_kinds=["giay-moi"])
    victim.sign("unit_deputy", "giay-moi")
    with scene.nothing_happens(PolicyRefused, match="policy"):
        victim.sign("unit_deputy", "quyet-dinh")


def test_a_mandate_that_is_wider_than_what_it_rests_on_is_written_into_the_database(
    scene: Scene, victim: Victim
) -> None:
    """As a row from before widening was refused, or by whoever can write the store."""
    row = StoredMandate(
        mandate_id=f"{victim.office}-wide", form="KT", office_id=victim.office, from_post=None,
        from_mandate=victim.order, to_post=victim.posts["unit_deputy"], capacity=OF_DEPUTY,
        operations="sign", document_kinds="", written="", starts_at=0,
    )  # fmt: skip
    database = Database(scene.process.database_url)
    try:
        with database.writing() as connection:
            roles.add_mandate(connection, row)
    finally:
        database.close()
    victim.sign("unit_deputy", "giay-moi")
    with scene.nothing_happens(PolicyRefused):
        victim.sign("unit_deputy", "quyet-dinh")


def test_a_mandate_is_passed_on_to_anothers_deputy(scene: Scene, victim: Victim) -> None:
    below = f"{victim.office}.1"
    victim.perform("register_office", office=below, name="Sở MẪU", above=victim.office, training=True)
    victim.employ("other", "deputy", "PHÓ GIÁM ĐỐC", below)
    with scene.nothing_happens(PolicyRefused):
        victim.pass_on(to_post=victim.posts["other"], document_kinds=["giay-moi"])


def test_a_sad_is_redeemed_after_the_mandate_that_its_signer_had_was_revoked(
    scene: Scene, victim: Victim
) -> None:
    victim.pass_on(document_kinds=["giay-moi"])
    act = victim.act("unit_deputy", "giay-moi")
    sad = scene.sad(act, scene.by_passkey(act, victim.person("unit_deputy")))
    victim.perform("revoke_mandate", mandate=victim.order)  # what theirs rests on
    with scene.nothing_happens(PolicyRefused):
        scene.redeem(sad, scene.attributes(act))
