"""A person leaves documents out on the approval page: the rest is approved, and nothing else can be."""

import hashlib
import re
from dataclasses import replace

import pytest
from antin.software_passkey import SoftwarePasskey

from hsm.client import parse_sign_act
from tests.servers.people import Enrolled as Person
from tests.signsvc.csc.approval import RETURN, Page, passkey, person
from tests.signsvc.csc.conftest import Csc, refusal

__all__ = ["passkey", "person"]


def without(act: str, *positions: int) -> str:
    """The act as it is when these items are left out, in canonical form."""
    parsed = parse_sign_act(act.encode())
    kept = tuple(item for at, item in enumerate(parsed.items) if at not in positions)
    return replace(parsed, items=kept).encode().decode()


def digest_shown(html: str) -> str:
    found = re.search(r'<code id="digest">([0-9a-f]{64})</code>', html)
    assert found, html
    return found.group(1)


def test_each_document_has_its_title_and_its_whole_digest(csc: Csc, person: Person) -> None:
    page = Page(csc, person, "một", "hai")
    html = page.open().text
    for title in ("một", "hai"):
        assert hashlib.sha256(title.encode()).hexdigest() in html
    assert html.count('name="keep"') == html.count(" checked>") == 2
    assert digest_shown(html) == hashlib.sha256(page.act().encode()).hexdigest()


def test_documents_are_left_out_and_the_passkey_approves_the_rest_in_order(
    csc: Csc, person: Person, passkey: SoftwarePasskey
) -> None:
    page = Page(csc, person, "một", "hai", "ba", "bốn")
    asked_for = page.act()
    rest = without(asked_for, 1)
    told = page.post(json={"keep": [3, 0, 2]}).json  # in whatever order the browser says it
    assert told == {"digest": hashlib.sha256(rest.encode()).hexdigest()}
    assert page.by_passkey(passkey, act=rest, keep=[0, 2, 3]).json == {"next": RETURN}
    assert page.act() == rest
    expected = {"state": "approved", "signatures": 3, "left_out": "2"}
    assert page.told().items() >= expected.items()
    refused = refusal(page.sign(page.token(), [page.hashes[1]]))
    assert refused == (400, "invalid_request", "Hash is not authorized by the SAD")
    # All or none: with one that was left out, nothing is signed.
    assert refusal(page.sign(page.token()))[0] == 400
    assert page.sign(page.token(), [page.hashes[at] for at in (0, 2, 3)]).status_code == 200


def test_a_choice_is_made_without_javascript_and_approved_by_pin(csc: Csc, person: Person) -> None:
    page = Page(csc, person, "một", "hai", "ba")
    html = page.post(data={"decision": "choose", "keep": [0, 2]}).text
    assert digest_shown(html) == hashlib.sha256(without(page.act(), 1).encode()).hexdigest()
    assert html.count('name="keep"') == 3  # what was left out can be put back
    assert html.count(" checked>") == 2
    wrong = page.by_pin("000000", person.otp(), 0, 2)
    assert wrong.status_code == 403
    assert wrong.text.count(" checked>") == 2
    person.wait_for_next_step()
    assert page.by_pin(person.pin, person.otp(), 0, 2).status_code == 303
    assert page.told()["left_out"] == "2"
    assert page.sign(page.token(), [page.hashes[1]]).status_code == 400
    assert page.sign(page.token(), [page.hashes[0], page.hashes[2]]).status_code == 200


def test_all_and_none_are_buttons_that_work_without_javascript(csc: Csc, person: Person) -> None:
    page = Page(csc, person, "một", "hai", "ba")
    assert page.post(data={"decision": "none", "keep": [0]}).text.count(" checked>") == 0
    assert page.post(data={"decision": "all"}).text.count(" checked>") == 3


@pytest.mark.parametrize("kept", [[], [0, 3], [-1], [1, 1], [0, 1, 2, 2], [10**30]], ids=str)
def test_nothing_is_put_in_or_doubled_and_not_all_left_out(csc: Csc, person: Person, kept: list[int]) -> None:
    page = Page(csc, person, "một", "hai", "ba")
    # What JSON cannot carry is refused before.
    assert page.post(json={"keep": kept}).status_code == 400
    for word in ("choose", "approve"):
        told = page.post(data={"decision": word, "keep": kept, "pin": person.pin, "otp": person.otp()})
        assert told.status_code == 400
    assert page.state() == "pending"


@pytest.mark.parametrize("kept", ["0", {"0": 1}, [True], [0.0], ["0"], [None]], ids=str)
def test_a_choice_of_another_shape_is_refused(csc: Csc, person: Person, kept: object) -> None:
    page = Page(csc, person, "một", "hai")
    assert page.post(json={"keep": kept}).status_code == 400
    assert page.post(data={"decision": "choose", "keep": "9" * 9000}).status_code == 400


def test_a_proof_of_one_choice_approves_no_other(csc: Csc, person: Person, passkey: SoftwarePasskey) -> None:
    """Whoever takes over the browser or the way between puts nothing back and takes nothing out."""
    page = Page(csc, person, "một", "hai")
    asked_for = page.act()
    assert page.by_passkey(passkey, act=without(asked_for, 1), keep=[0, 1]).status_code == 403
    assert page.by_passkey(passkey, act=without(asked_for, 1)).status_code == 403
    assert page.by_passkey(passkey, act=asked_for, keep=[0]).status_code == 403
    # Of a document that was not asked for no act is made here at all.
    foreign = Page(csc, person, "ba").act()
    assert page.by_passkey(passkey, act=foreign, keep=[0]).status_code == 403
    assert page.state() == "pending"


def test_a_hash_asked_for_twice_is_left_out_once(csc: Csc, person: Person, passkey: SoftwarePasskey) -> None:
    page = Page(csc, person, "một", "một", "hai")
    page.by_passkey(passkey, act=without(page.act(), 1), keep=[0, 2])
    assert page.told()["signatures"] == 2
    assert page.sign(page.token(), page.hashes[:1]).status_code == 200
    assert refusal(page.sign(page.token(), page.hashes[:1]))[0] == 400


def test_ten_thousand_documents_are_folded_and_chosen_from(csc: Csc, person: Person) -> None:
    page = Page(csc, person, *(f"Thông báo thuế số {number}" for number in range(10_000)))
    html = page.open().text
    assert html.count("<details") == 100
    assert html.count('<details class="group" open>') == 1
    told = page.post(data={"decision": "choose", "keep": [*range(9_999)]})
    assert told.status_code == 200
    assert digest_shown(told.text) == hashlib.sha256(without(page.act(), 9_999).encode()).hexdigest()
