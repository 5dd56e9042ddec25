"""A person approves on our page what a relying party asked the identity provider for."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey

from tests.servers.key_process import RunningKeyProcess
from tests.servers.people import Enrolled as Person
from tests.servers.signsvc import ISSUER
from tests.signsvc.csc.approval import RETURN, Page, passkey, person
from tests.signsvc.csc.conftest import Csc, hashed, refusal

__all__ = ["passkey", "person"]


def test_the_page_says_who_asks_with_which_key_for_what(csc: Csc, person: Person) -> None:
    page = Page(csc, person, "Quyết định số 12", "Công văn <b>số 3</b>")
    html = page.open().text
    assert "Một cửa MẪU" in html
    assert "Quyết định số 12" in html
    assert "Công văn &lt;b&gt;số 3&lt;/b&gt;" in html
    assert page.open().headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "frame-ancestors 'none'" in page.open().headers["Content-Security-Policy"]


def test_what_a_passkey_approved_is_signed_by_the_credential_token(
    csc: Csc, person: Person, passkey: SoftwarePasskey
) -> None:
    """As the bearer (v2), and as the SAD beside a service token (v1)."""
    page = Page(csc, person, "một", "hai")
    assert page.state() == "pending"
    answer = page.by_passkey(passkey)
    assert answer.json == {"next": RETURN}
    assert page.state() == "approved"
    first = page.sign(page.token(), page.hashes[:1])
    assert first.status_code == 200, first.text
    service_token = csc.service.issuer.token("motcua", scope="service")
    second = page.sign(service_token, page.hashes[1:], SAD=page.token())
    assert second.status_code == 200, second.text
    assert refusal(page.sign(page.token(), page.hashes[:1]))[0] == 400


def test_pin_and_one_time_password_approve_without_javascript(csc: Csc, person: Person) -> None:
    page = Page(csc, person, "một")
    wrong = page.by_pin("000000", person.otp())
    assert wrong.status_code == 403
    assert "Chưa phê duyệt được" in wrong.text
    person.wait_for_next_step()
    answer = page.by_pin(person.pin, person.otp())
    assert answer.status_code == 303
    assert answer.headers["Location"] == RETURN
    assert page.sign(page.token()).status_code == 200


def test_a_rejected_request_stays_rejected(csc: Csc, person: Person, passkey: SoftwarePasskey) -> None:
    page = Page(csc, person, "một")
    answer = csc.service.client.post(f"/approvals/{page.handle}", data={"decision": "reject"})
    assert answer.headers["Location"] == RETURN
    assert page.state() == "rejected"
    assert page.by_passkey(passkey).json == {"next": RETURN}
    assert page.state() == "rejected"
    assert refusal(page.sign(page.token()))[1] == "invalid_request"


def test_only_the_identity_provider_begins_an_approval(csc: Csc, person: Person) -> None:
    body = {
        "client_id": "motcua", "client_name": "x", "person_id": person.person_id, "signatures": 1,
        "credential_id": person.credential_id, "documents": [{"digest": hashed("a")}], "return_uri": RETURN,
    }  # fmt: skip
    for client_id, scope in (("motcua", "approvals"), ("motcua", "service sign"), (ISSUER, "service")):
        token = csc.service.issuer.token(client_id, scope=scope)
        answer = csc.service.client.post(
            "/v1/approvals", json=body, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 403


@pytest.mark.parametrize("uri", ["https://evil.example/", f"{ISSUER}.evil.example/", "javascript:alert(1)"])
def test_the_browser_is_never_sent_elsewhere(csc: Csc, person: Person, uri: str) -> None:
    assert Page(csc, person, "một", return_uri=uri).begun.status_code == 400


def test_another_persons_credential_is_not_there(
    csc: Csc, person: Person, new_person: Callable[..., Person]
) -> None:
    other = new_person()
    assert Page(csc, person, "một", credential_id=other.credential_id).begun.status_code == 400
    assert Page(csc, person, "một", credential_id=csc.seal).begun.status_code == 400


def test_another_persons_passkey_approves_nothing(
    csc: Csc, person: Person, new_person: Callable[..., Person], key_process: RunningKeyProcess
) -> None:
    other = new_person()
    theirs = SoftwarePasskey.new("localhost", key_process.origin, counter=0)
    key_process.enrol_passkey(other.person_id, theirs)
    page = Page(csc, person, "một")
    assert page.by_passkey(theirs).status_code == 403
    assert page.state() == "pending"


def test_an_assertion_made_on_the_login_page_approves_nothing(
    csc: Csc, person: Person, passkey: SoftwarePasskey
) -> None:
    """What a taken-over identity provider could collect: the right challenge, on its own origin."""
    page = Page(csc, person, "một")
    passkey.origin = ISSUER
    assert page.by_passkey(passkey).status_code == 403
    assert page.state() == "pending"


def test_an_assertion_for_another_act_approves_nothing(
    csc: Csc, person: Person, passkey: SoftwarePasskey
) -> None:
    shown, other = Page(csc, person, "Giấy mời họp"), Page(csc, person, "Quyết định chi")
    assert shown.by_passkey(passkey, act=other.act()).status_code == 403


def test_another_clients_credential_token_redeems_nothing(
    csc: Csc, person: Person, passkey: SoftwarePasskey
) -> None:
    page = Page(csc, person, "một")
    page.by_passkey(passkey)
    assert refusal(page.sign(page.token(client_id="he-thong-khac")))[1] == "invalid_request"
    mine = csc.service.issuer.token("motcua", scope="service")
    assert refusal(page.sign(mine, SAD=page.token(client_id="he-thong-khac")))[1] == "invalid_request"


def test_hashes_that_were_not_shown_are_not_signed(
    csc: Csc, person: Person, passkey: SoftwarePasskey
) -> None:
    page = Page(csc, person, "một")
    page.by_passkey(passkey)
    told = refusal(page.sign(page.token(), [hashed("khác")]))
    assert told[2] == "Hash is not authorized by the SAD"


@pytest.mark.parametrize("changes", [{"scope": "service"}, {"exp": 1}, {"authorization_details": []}])
def test_a_token_that_is_no_credential_token_is_no_sad(
    csc: Csc, person: Person, passkey: SoftwarePasskey, changes: dict[str, Any]
) -> None:
    page = Page(csc, person, "một")
    page.by_passkey(passkey)
    mine = csc.service.issuer.token("motcua", scope="service")
    assert refusal(page.sign(mine, SAD=page.token(**changes)))[0] == 400


@pytest.mark.parametrize("cnf", [{"jkt": "x" * 43}, {"x5t#S256": "x" * 43}], ids=str)
def test_a_token_bound_to_a_key_is_no_sad(
    csc: Csc, person: Person, passkey: SoftwarePasskey, cnf: dict[str, str]
) -> None:
    """A parameter carries no proof: whoever saw the token could show it."""
    page = Page(csc, person, "một")
    page.by_passkey(passkey)
    mine = csc.service.issuer.token("motcua", scope="service")
    told = refusal(page.sign(mine, SAD=page.token(cnf=cnf)))
    assert told[:2] == (400, "invalid_request")
    assert "bound to a key" in told[2]
    assert refusal(page.sign(page.token(cnf=cnf)))[:2] == (401, "invalid_token")
    # Nothing was spent by trying.
    assert page.sign(mine, SAD=page.token()).status_code == 200


def test_an_unknown_or_expired_handle_gets_a_page_that_says_what_to_do(csc: Csc) -> None:
    answer = csc.service.client.get(f"/approvals/{secrets.token_urlsafe(32)}")
    assert answer.status_code == 404
    assert answer.content_type.startswith("text/html")
    assert "hãy bắt đầu lại từ hệ thống của bạn" in answer.text
    assert "Chưa có gì được ký" in answer.text
    as_script = csc.service.client.post(f"/approvals/{secrets.token_urlsafe(32)}", json={"response": {}})
    assert as_script.json["code"] == "not_found"


def test_the_identity_provider_is_told_in_problems_what_is_wrong(csc: Csc, person: Person) -> None:
    for wrong in ({"credential_id": "khong-co"}, {"documents": [{"digest": "ngan"}]}, {"signatures": 0}):
        answer = Page(csc, person, "một", **wrong).begun
        assert answer.status_code == 400
        assert answer.content_type == "application/problem+json"
        assert answer.json["detail_en"]


def test_the_pages_own_files_are_served_and_no_others(csc: Csc) -> None:
    assert csc.service.client.get("/approvals/assets/approval.js").content_type == "text/javascript"
    assert csc.service.client.get("/approvals/assets/..%2Fapproval_page.py").status_code == 404
    assert csc.service.client.get("/approvals/assets/approval.html").status_code == 404


def test_one_time_passwords_are_not_sent(csc: Csc, person: Person) -> None:
    told = refusal(csc.call("credentials/sendOTP", "v1", credentialID=person.credential_id))
    assert told[:2] == (400, "invalid_request")
