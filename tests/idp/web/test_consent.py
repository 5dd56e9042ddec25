"""The consent page: what it says, what it remembers, and who may press its buttons."""

import json
from dataclasses import replace
from typing import Any

import pytest

from idp.protocol.authorization import Authorization
from idp.store.evidence import read_after
from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.idp.provider import ISSUER, Provider, details
from tests.idp.relying_party import (
    BASELINE,
    FIRST_PARTY,
    RelyingParty,
    allow,
    journey_of,
    log_in,
    new_person,
    open_browser,
    press,
    services_of,
)

CLAIMS = {"userinfo": {"name": {"essential": True}, "birthdate": None, "gender": {"essential": False}}}


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return open_browser(provider)


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return RelyingParty(provider)


def shown(answer: Page | Callback) -> Page:
    assert isinstance(answer, Page), answer
    assert "/consent/" in answer.url
    return answer


def granted(provider: Provider, answer: Page | Callback) -> Authorization:
    assert isinstance(answer, Callback), answer
    now = int(provider.clock().timestamp())
    authorization = services_of(provider).codes.redeem(answer.params["code"], now)
    assert isinstance(authorization, Authorization)
    return authorization


def test_it_says_what_is_shared_with_whom_and_where_to_read_more(
    provider: Provider, browser: Browser
) -> None:
    metadata = replace(
        BASELINE,
        logo_uri="https://one-stop.example.gov.vn/logo.png",
        policy_uri="https://one-stop.example.gov.vn/policy",
        tos_uri="https://one-stop.example.gov.vn/terms",
    )
    log_in(provider, browser, new_person(provider))
    rp = RelyingParty(provider, metadata)
    page = shown(
        browser.open(rp.address(scope="openid profile email offline_access", claims=json.dumps(CLAIMS)))
    )
    for words in (
        "Hệ thống MẪU muốn biết thông tin của bạn",
        "one-stop.example.gov.vn",
        "Bạn đang đăng nhập với tên Nguyễn Văn Mẫu",
        "Họ và tên",
        "Địa chỉ thư điện tử",
        "mau@example.gov.vn",
        "Tiếp tục được phép khi bạn không ở trực tuyến",
        "rút lại",
    ):
        assert words in page.text
    assert page.images[-1] == metadata.logo_uri
    assert {metadata.policy_uri, metadata.tos_uri} <= {link for link, _ in page.links}
    policy = page.headers["content-security-policy"]
    assert "img-src 'self' data: https:" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert "Allow" in shown(browser.open(page.url + "?lang=en")).text


def test_with_openid_alone_nothing_personal_is_named(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider))
    assert "chỉ nhận một mã riêng" in shown(browser.open(rp.address())).text


def test_it_is_remembered_for_this_person_client_and_extent(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    person = new_person(provider)
    log_in(provider, browser, person)
    allow(browser, browser.open(rp.address(scope="openid profile")))
    assert isinstance(browser.open(rp.address(scope="openid")), Callback)
    shown(browser.open(rp.address(scope="openid profile email")))
    shown(browser.open(rp.address(prompt="consent")))
    shown(browser.open(RelyingParty(provider).address()))
    other = open_browser(provider)
    log_in(provider, other, new_person(provider))
    shown(other.open(rp.address(scope="openid profile")))
    consents = services_of(provider).consents
    assert [each.client_id for each in consents.of_person(person.person_id)] == [rp.client_id]
    assert consents.revoke(person.person_id, rp.client_id)
    shown(browser.open(rp.address(scope="openid profile")))


def test_optional_claims_may_be_left_out_and_the_others_not(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider))
    asked = rp.address(claims=json.dumps(CLAIMS))
    page = shown(browser.open(asked))
    form, button = page.form_with_button("consent-submit") or pytest.fail("no button")
    assert form.fields["claim"] in ("birthdate", "gender")
    del form.fields["claim"]
    answer = browser.submit(page, form, button, claim="gender")
    assert granted(provider, answer).claims == {
        "userinfo": {"name": {"essential": True}, "gender": {"essential": False}}
    }
    # the last word holds next time, without a page
    assert granted(provider, browser.open(asked)).claims["userinfo"].keys() == {"name", "gender"}


def test_a_claim_that_a_scope_brings_is_asked_about_once(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider))
    page = shown(browser.open(rp.address(scope="openid profile", claims=json.dumps(CLAIMS))))
    assert page.text.count("Họ và tên") == 1
    assert "claim" not in page.forms[-1].fields
    assert granted(provider, allow(browser, page)).claims == CLAIMS


def test_a_claim_that_was_not_asked_for_cannot_be_ticked(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider))
    page = shown(browser.open(rp.address(claims=json.dumps(CLAIMS))))
    answer = press(browser, page, "consent-submit", claim="personal_number")
    assert granted(provider, answer).claims["userinfo"].keys() == {"name"}


def test_documents_to_sign_are_asked_about_each_time(provider: Provider, browser: Browser) -> None:
    rp = RelyingParty(provider)
    log_in(provider, browser, new_person(provider))
    address = rp.address(authorization_details=json.dumps(details()))
    for _ in range(2):
        page = shown(browser.open(address))
        assert "Quyết định MẪU" in page.text
        assert granted(provider, allow(browser, page)).details == tuple(details())


def test_no_is_told_to_the_relying_party_and_remembered_by_nobody(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider))
    page = shown(browser.open(rp.address()))
    answer = press(browser, page, "consent-reject")
    assert isinstance(answer, Callback)
    assert answer.params["error"] == "access_denied"
    shown(browser.open(rp.address()))


def test_a_first_party_that_asks_for_consent_gets_the_page(provider: Provider, browser: Browser) -> None:
    log_in(provider, browser, new_person(provider))
    shown(browser.open(RelyingParty(provider, FIRST_PARTY).address(prompt="consent")))


def test_every_answer_is_on_the_record(provider: Provider, rp: RelyingParty, browser: Browser) -> None:
    log_in(provider, browser, new_person(provider))
    press(browser, browser.open(rp.address()), "consent-reject")
    allow(browser, browser.open(rp.address(scope="openid email")))
    with provider.database.reading() as connection:
        names = [each.event.name for each in read_after(connection, 0, 100)]
    assert {"consent.refused", "consent.given", "authorize.answered"} <= set(names)


# --- attacks


def post(browser: Browser, page: Page, fields: dict[str, str]) -> Any:
    return browser.http.post(page.url, data=fields)


def test_nobody_presses_the_button_for_the_person(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    """CSRF: no form token, another browser's form token, and the token of a journey that is not there."""
    log_in(provider, browser, new_person(provider))
    page = shown(browser.open(rp.address()))
    fields = page.forms[-1].fields | {"answer": "accept"}
    attacker = open_browser(provider)
    log_in(provider, attacker, new_person(provider))
    foreign = shown(attacker.open(rp.address())).forms[-1].fields["csrf_token"]
    for token in ("", "x", foreign):
        assert post(browser, page, fields | {"csrf_token": token}).status_code == 400
    assert attacker.http.post(page.url, data=fields).status_code == 400
    shown(browser.open(rp.address()))


def test_a_page_shown_to_one_person_is_not_answered_by_the_next(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    """A shared computer: somebody else logged in between the page and the click."""
    log_in(provider, browser, new_person(provider))
    page = shown(browser.open(rp.address(scope="openid profile")))
    second = new_person(provider)
    log_in(provider, browser, second)
    again = shown(allow(browser, page))
    assert services_of(provider).consents.of_person(second.person_id) == []
    assert isinstance(allow(browser, again), Callback)


def test_a_stranger_sees_no_consent_page_of_another(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider, claims={"name": "Người Khác Mẫu"}))
    page = shown(browser.open(rp.address(scope="openid profile")))
    stranger = open_browser(provider)
    seen = stranger.open(page.url)
    assert isinstance(seen, Page)
    assert seen.url.startswith(f"{ISSUER}/login/")
    assert "Người Khác Mẫu" not in seen.text
    assert journey_of(seen) != journey_of(page)


def test_what_a_client_calls_itself_is_text(provider: Provider, browser: Browser) -> None:
    rp = RelyingParty(provider, BASELINE)
    registered = services_of(provider).clients.find_client(rp.client_id)
    assert registered is not None
    log_in(provider, browser, new_person(provider, claims={"name": "<img src=x onerror=alert(1)>"}))
    page = shown(browser.open(rp.address(scope="openid profile")))
    assert "<img src=x" not in page.text
