"""One approval on the page for documents that were prepared one by one, each completed by its token."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey

from tests.servers.people import Enrolled as Person
from tests.servers.plain_pdf import make_pdf
from tests.signsvc.csc.approval import Page, passkey, person
from tests.signsvc.csc.conftest import Csc, hashed

__all__ = ["passkey", "person"]


def prepare(csc: Csc, person: Person, title: str, **wishes: Any) -> dict[str, Any]:
    """Each of other bytes: the title is in them."""
    content = make_pdf(1) + f"% {title}\n".encode()
    uploaded = csc.service.upload(content, name=f"{title}.pdf")
    assert uploaded.status_code == 201, uploaded.text
    asked = {"credential_id": person.credential_id, "title": title} | wishes
    prepared = csc.service.prepare(uploaded.json["id"], **asked)
    assert prepared.status_code == 201, prepared.text
    told: dict[str, Any] = prepared.json
    return told


def begin(csc: Csc, person: Person, *prepared: dict[str, Any], **changes: Any) -> Page:
    ids = [one["id"] for one in prepared]
    return Page(csc, person, **({"prepared": ids, "signatures": len(ids), "documents": []} | changes))


def complete(page: Page, prepared: dict[str, Any], token: str = "", **body: Any) -> Any:
    return page.csc.service.client.post(
        f"/v1/signatures/{prepared['id']}/complete", json=body,
        headers={"Authorization": f"Bearer {token or page.token()}"},
    )  # fmt: skip


def test_one_touch_signs_all_that_the_page_showed(csc: Csc, person: Person, passkey: SoftwarePasskey) -> None:
    prepared = [prepare(csc, person, title) for title in ("Quyết định một", "Quyết định hai", "Tờ trình")]
    page = begin(csc, person, *prepared)
    html = page.open().text
    for title in ("Quyết định một", "Quyết định hai", "Tờ trình"):
        assert title in html
    items = json.loads(page.act())["items"]
    assert [one["digest"] for one in items] == [one["document_digest"] for one in prepared]
    assert {one["kind"] for one in items} == {"prepared"}
    assert page.by_passkey(passkey).status_code == 200
    for one in prepared:
        done = complete(page, one)
        assert done.status_code == 200, done.text
        assert done.json["state"] == "completed"
        entry = json.loads(base64.b64decode(done.json["receipt"]["entry"]))
        assert entry["digest"] == one["document_digest"]
        assert entry["approval"]["kind"] == "passkey"
        # Asked again, as after a lost connection: the same signature.
        assert complete(page, one).json["signature"] == done.json["signature"]


def test_before_the_approval_and_after_a_refusal_nothing_is_signed(csc: Csc, person: Person) -> None:
    one = prepare(csc, person, "Quyết định")
    page = begin(csc, person, one)
    assert complete(page, one).status_code == 409
    csc.service.client.post(f"/approvals/{page.handle}", data={"decision": "reject"})
    assert complete(page, one).status_code == 409


def test_what_was_not_on_the_page_is_not_signed_and_stays_to_be_approved(
    csc: Csc, person: Person, passkey: SoftwarePasskey
) -> None:
    shown, other = prepare(csc, person, "Giấy mời"), prepare(csc, person, "Quyết định chi")
    page = begin(csc, person, shown)
    page.by_passkey(passkey)
    refused = complete(page, other)
    assert refused.status_code == 409
    again = begin(csc, person, other)
    assert again.by_passkey(passkey).status_code == 200
    assert complete(again, other).status_code == 200


def test_what_the_person_left_out_is_not_signed_and_may_be_approved_later(
    csc: Csc, person: Person, passkey: SoftwarePasskey
) -> None:
    first, second = prepare(csc, person, "Ký hôm nay"), prepare(csc, person, "Xem lại")
    page = begin(csc, person, first, second)
    path = f"/approvals/{page.handle}"
    chosen = csc.service.client.post(path, json={"keep": [0]}).json["digest"]
    response = passkey.sign_challenge(bytes.fromhex(chosen))
    approved = csc.service.client.post(path, json={"keep": [0], "response": response})
    assert approved.status_code == 200, approved.text
    assert complete(page, first).status_code == 200
    assert complete(page, second).status_code == 409
    later = begin(csc, person, second)
    later.by_passkey(passkey)
    assert complete(later, second).status_code == 200


def test_another_clients_token_completes_nothing(csc: Csc, person: Person, passkey: SoftwarePasskey) -> None:
    one = prepare(csc, person, "Quyết định")
    page = begin(csc, person, one)
    page.by_passkey(passkey)
    assert complete(page, one, page.token(client_id="he-thong-khac")).status_code == 409
    assert complete(page, one, csc.service.issuer.token("motcua", scope="sign")).status_code == 400
    assert complete(page, one, csc.service.issuer.token("motcua", scope="credential")).status_code == 400


def test_only_what_this_client_prepared_with_this_credential_can_be_shown(
    csc: Csc, person: Person, passkey: SoftwarePasskey, new_person: Callable[..., Person]
) -> None:
    one, of_other = prepare(csc, person, "Quyết định"), prepare(csc, new_person(), "Của người khác")
    for wrong in (
        begin(csc, person, of_other),
        begin(csc, person, one, client_id="he-thong-khac"),
        begin(csc, person, one, prepared=["0" * 32]),
        begin(csc, person, one, one),
        begin(csc, person, one, signatures=2),
        begin(csc, person, one, documents=[{"digest": hashed("Giấy mời"), "title": "Giấy mời"}]),
    ):
        assert wrong.begun.status_code == 400
    page = begin(csc, person, one)
    page.by_passkey(passkey)
    assert complete(page, one).status_code == 200
    assert begin(csc, person, one).begun.status_code == 400


@pytest.mark.parametrize("changes", [{"document_kind": "contract"}, {"operation": "initial", "office": "H1"}])
def test_one_approval_is_of_one_kind_of_act(csc: Csc, person: Person, changes: dict[str, str]) -> None:
    """Or somebody would sign among five hundred initials."""
    first, second = prepare(csc, person, "Một"), prepare(csc, person, "Hai", **changes)
    assert begin(csc, person, first, second).begun.status_code == 400


def test_the_page_names_the_offices_operation(csc: Csc, person: Person) -> None:
    one = prepare(csc, person, "Quyết định", operation="sign", office="H1", capacity="TM. UBND / CHỦ TỊCH")
    html = begin(csc, person, one).open().text
    assert "Ký chính" in html
    assert "TM. UBND / CHỦ TỊCH" in html
