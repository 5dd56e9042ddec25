"""What people's pages answer to what no page of theirs sends: a sentence, never "internal error"."""

import secrets

import pytest

from signsvc.errors import QuotaExceeded
from tests.servers.people import Enrolled as Person
from tests.servers.signsvc import Service
from tests.signsvc.csc.approval import Page, person
from tests.signsvc.csc.conftest import Csc

__all__ = ["person"]

NO_JSON = {
    "cut off": b'{"response": {',
    "not a number": b'{"response": {"a": NaN}}',
    "half a letter": b'{"response": {"a": "\\ud800"}}',
    "no UTF-8": b"\xff",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_a_script_that_sends_no_json_is_told_so(csc: Csc, person: Person, body: bytes) -> None:
    page = Page(csc, person, "một")
    for path in (f"/approvals/{page.handle}", f"/acts/{secrets.token_urlsafe(32)}"):
        answer = csc.service.client.post(path, data=body, content_type="application/json")
        assert (answer.status_code, answer.json["code"]) == (400, "http_400"), path
    assert page.state() == "pending"


@pytest.mark.parametrize("depth", [200, 500])
def test_an_authenticators_answer_that_is_nested_deep_is_none(csc: Csc, person: Person, depth: int) -> None:
    page = Page(csc, person, "một")
    body = b'{"response": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    for path in (f"/approvals/{page.handle}", f"/acts/{secrets.token_urlsafe(32)}"):
        answer = csc.service.client.post(path, data=body, content_type="application/json")
        assert answer.status_code in (400, 403, 404), answer.text
        assert answer.json.get("message_en") or answer.json["detail_en"]
    assert page.state() == "pending"


def test_what_is_too_large_for_a_page_is_refused_as_too_large(csc: Csc, person: Person) -> None:
    page = Page(csc, person, "một")
    form = csc.service.client.post(f"/approvals/{page.handle}", data={"pin": "1" * 300_000})
    assert (form.status_code, form.content_type) == (413, "text/html; charset=utf-8")
    assert "Dữ liệu gửi lên quá lớn." in form.text
    for path in (f"/approvals/{page.handle}", f"/acts/{secrets.token_urlsafe(32)}"):
        script = csc.service.client.post(path, json={"response": {"a": "x" * 300_000}})
        assert (script.status_code, script.json["code"]) == (413, "http_413")


@pytest.mark.parametrize("handle", ["x", "x" * 42, "x" * 44, "x" * 42 + ".", "%00" * 43, "%ff"])
def test_a_link_that_was_cut_off_or_mistyped_gets_a_page(service: Service, handle: str) -> None:
    for path, advice in (("approvals", "hãy bắt đầu lại từ hệ thống"), ("acts", "hãy xin liên kết mới")):
        answer = service.client.get(f"/{path}/{handle}")
        assert (answer.status_code, answer.content_type) == (404, "text/html; charset=utf-8")
        assert advice in answer.text
        # Of an administrative act nobody wonders whether it was signed.
        assert ("Chưa có gì được ký" in answer.text) is (path == "approvals")


@pytest.mark.parametrize("path", ["approvals", "acts"])
def test_whoever_opens_links_too_often_is_told_when_to_come_back(
    service: Service, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def spent(*_: str, **__: int) -> None:
        raise QuotaExceeded("Số lần mở trang", "Pages opened", retry_after=7)

    monkeypatch.setattr(service.services.limits, "spend", spent)
    answer = service.client.get(f"/{path}/{secrets.token_urlsafe(32)}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.content_type == "text/html; charset=utf-8"
