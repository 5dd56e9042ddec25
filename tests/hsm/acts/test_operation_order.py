"""What may follow what on one document, whatever a web process asks: the key process looks it up itself."""

import base64
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hsm.acts.act import ActItem, parse_sign_act
from hsm.acts.canonical import canonical
from hsm.acts.office_operation import Earlier
from hsm.errors import ActMalformed, ApprovalRefused, PolicyRefused, TokenUnavailable
from tests.hsm.acts.office_house import CLERK, DEPUTY, HEAD, OF_DEPUTY, OF_HEAD, SO, UBND, UNIT, OfficeHouse

# Decree 30/2020: what may come straight after what on the same document; "" is a document without any.
AFTER = {
    "initial": {"", "initial", "comment"},
    "comment": {"", "initial", "comment", "incoming"},
    "sign": {"", "initial", "comment", "sign"},
    "issue": {"sign"},
    "annex": {"sign", "issue"},
    "copy": {""},
    "incoming": {""},
}
WHO = {"initial": UNIT, "comment": HEAD, "sign": HEAD, "issue": CLERK, "annex": CLERK, "copy": CLERK,
       "incoming": CLERK}  # fmt: skip
MORE: dict[str, dict[str, str]] = {"sign": {"capacity": OF_HEAD}, "copy": {"copy_form": "sao_y"}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[OfficeHouse]:
    built = OfficeHouse(f"sqlite:///{tmp_path}/office.sqlite3")
    yield built
    built.close()


def do(house: OfficeHouse, name: str, over: Earlier | None = None, **more: Any) -> Earlier:
    return house.do(name, WHO[name], *([over] if over else []), **MORE.get(name, {}) | more)


def refusal(house: OfficeHouse, name: str, over: Earlier | None = None, **more: Any) -> tuple[str, ...]:
    with pytest.raises(PolicyRefused) as caught:
        do(house, name, over, **more)
    return caught.value.rules


class DocumentCourse(RuleBasedStateMachine):
    """Any operations on any of some documents: those that the decree allows are done, no other is."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.house = OfficeHouse(f"sqlite:///{self.folder.name}/office.sqlite3")
        # Of every document: what was done last, and its signature.
        self.documents: list[tuple[str, Earlier | None]] = [("", None)]
        self.signatures = 0

    def teardown(self) -> None:
        self.house.close()
        self.folder.cleanup()

    @precondition(lambda self: len(self.documents) < 5)
    @rule()
    def begin(self) -> None:
        self.documents.append(("", None))

    @rule(name=st.sampled_from(sorted(AFTER)), which=st.integers(0, 4))
    def operate(self, name: str, which: int) -> None:
        which %= len(self.documents)
        last, earlier = self.documents[which]
        if last not in AFTER[name]:
            refusal(self.house, name, earlier)
            return
        made = do(self.house, name, earlier)
        self.signatures += 1
        if name == "annex":
            self.documents.append((name, made))  # a file of its own
        else:
            self.documents[which] = (name, made)

    @rule(name=st.sampled_from(sorted(AFTER)), which=st.integers(0, 4))
    def operate_over_other_contents(self, name: str, which: int) -> None:
        """The leaf is real, the digest is of another document."""
        earlier = self.documents[which % len(self.documents)][1]
        if earlier is not None:
            refusal(self.house, name, replace(earlier, digest=secrets.token_bytes(32)))

    @invariant()
    def the_journal_holds_what_was_allowed_and_nothing_else(self) -> None:
        typed = [entry for entry in self.house.signing_entries() if "operation" in entry]
        assert len(typed) == self.signatures


DocumentCourse.TestCase.settings = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDocumentCourse = DocumentCourse.TestCase


@pytest.mark.parametrize("name", sorted(AFTER))
def test_each_operation_follows_exactly_what_the_decree_lets_it_follow(house: OfficeHouse, name: str) -> None:
    signed = do(house, "sign", do(house, "initial"))
    before = {
        "": None, "initial": do(house, "initial"), "comment": do(house, "comment"), "sign": signed,
        "issue": do(house, "issue", signed), "annex": do(house, "annex", signed),
        "copy": do(house, "copy"), "incoming": do(house, "incoming"),
    }  # fmt: skip
    for last, over in before.items():
        if last in AFTER[name]:
            do(house, name, over)
        else:
            assert any(one.startswith("order-") for one in refusal(house, name, over)), last


def test_the_seal_before_the_signature_is_refused(house: OfficeHouse) -> None:
    assert refusal(house, "issue") == ("order-seal-after-signature",)
    assert refusal(house, "issue", do(house, "initial")) == ("order-seal-after-signature",)


def test_a_plain_signature_is_none_of_a_competent_person(house: OfficeHouse) -> None:
    act = house.typed("sign", house.credentials[HEAD], capacity=OF_HEAD)
    plain = replace(act, operation=None)
    made = house.approved(plain, HEAD)[0]
    over = Earlier(made.leaf_index, plain.items[0].digest)
    assert refusal(house, "issue", over) == ("order-seal-after-signature",)


def test_no_seal_over_a_leaf_that_is_not_a_signature(house: OfficeHouse) -> None:
    signed = do(house, "sign")
    for leaf in (signed.leaf_index + 1, 0, 2**40):
        assert "order-earlier-signature" in refusal(house, "issue", replace(signed, leaf_index=leaf))


def test_no_seal_over_a_signature_that_the_token_failed_to_make(house: OfficeHouse) -> None:
    house.key.fail = TokenUnavailable("away")
    with pytest.raises(TokenUnavailable):
        do(house, "sign")
    house.key.fail = None
    leaf, entry = next(
        (index, entry) for index, entry in enumerate(house.entries()) if entry.get("operation")
    )
    failed = Earlier(leaf, base64.b64decode(entry["digest"]))
    assert "order-earlier-signature" in refusal(house, "issue", failed)


def test_the_seal_of_another_office_is_refused(house: OfficeHouse) -> None:
    signed = do(house, "sign")
    other = house.add_seal(SO, CLERK)
    assert refusal(house, "issue", signed, credential=other) == ("office-own-seal",)
    assert refusal(house, "issue", signed, credential=other, office=SO) == ("office-own-signature",)
    do(house, "issue", signed)


def test_only_the_named_clerk_puts_the_seal_and_only_with_an_operation(house: OfficeHouse) -> None:
    signed = do(house, "sign")
    with pytest.raises(ApprovalRefused):
        house.do("issue", HEAD, signed)
    by_client = house.typed("issue", house.seal, signed)
    with pytest.raises(PolicyRefused) as caught:
        house.signing.sign_approved(
            by_client.encode(), house.approve(by_client.encode()), house.attributes(by_client), now=house.now
        )
    assert caught.value.rules == ("actor-named-clerk", "never-other-proof")
    plain = replace(by_client, operation=None, items=(replace(by_client.items[0], over=None),))
    with pytest.raises(PolicyRefused) as caught:
        house.approved(plain, CLERK)
    assert caught.value.rules == ("actor-clerk-names-operation",)


def test_nobody_signs_with_the_seal_and_nobody_issues_with_their_own_key(house: OfficeHouse) -> None:
    signed = do(house, "sign")
    with pytest.raises(PolicyRefused) as caught:
        house.do("initial", CLERK, credential=house.seal)
    assert "actor-person-signs" in caught.value.rules
    with pytest.raises(PolicyRefused) as caught:
        house.do("issue", CLERK, signed, credential=house.credentials[CLERK])
    assert "actor-organisation-seals" in caught.value.rules


def test_five_documents_are_issued_by_one_approval_and_one_bad_one_stops_them_all(house: OfficeHouse) -> None:
    house.mandate("KT", DEPUTY, OF_DEPUTY)
    act = house.typed("sign", house.credentials[DEPUTY], *([None] * 5), capacity=OF_DEPUTY)
    made = house.approved(act, DEPUTY)
    overs = [Earlier(one.leaf_index, item.digest) for one, item in zip(made, act.items, strict=True)]
    bad = house.typed("issue", house.seal, *overs[:4], None)
    with pytest.raises(PolicyRefused):
        house.approved(bad, CLERK)
    assert len(house.approved(house.typed("issue", house.seal, *overs), CLERK)) == 5


def test_an_act_without_an_operation_names_nothing_before_it(house: OfficeHouse) -> None:
    signed = do(house, "sign")
    act = house.act(ActItem(secrets.token_bytes(32), "MẪU", "prepared", over=signed))
    with pytest.raises(ActMalformed):
        parse_sign_act(act.encode())


@pytest.mark.parametrize(
    "operation",
    [
        {"name": "stamp", "office": UBND},
        {"name": "sign", "office": UBND},
        {"name": "issue", "office": UBND, "capacity": OF_HEAD},
        {"name": "copy", "office": UBND},
        {"name": "copy", "office": UBND, "copy_form": "photo"},
        {"name": "incoming", "office": UBND, "copy_form": "sao_y"},
        {"name": "initial", "office": ""},
        {"name": "initial", "office": UBND, "mandate": "x"},
        {"name": "sign", "office": UBND, "capacity": "KT. CHỦ TỊCH\u202e"},
        {"name": "initial", "office": UBND, "more": "x"},
        "sign",
        None,
    ],
)
def test_an_operation_that_makes_no_sense_is_no_act(house: OfficeHouse, operation: Any) -> None:
    fields = orjson.loads(house.typed("initial", house.credentials[UNIT]).encode())
    with pytest.raises(ActMalformed):
        parse_sign_act(canonical(fields | {"operation": operation}))
