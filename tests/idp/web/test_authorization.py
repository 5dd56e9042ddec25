"""The authorization endpoint, from the request to the answer."""

from pathlib import Path

import pytest

from tests.conformance.oidc.browser import Callback, Page
from tests.idp.provider import ISSUER, Provider
from tests.idp.relying_party import (
    FAPI2,
    FIRST_PARTY,
    RelyingParty,
    allow,
    log_in,
    new_person,
    open_browser,
    press,
    services_of,
)
from tests.idp.software_keys import SoftwareKeys


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return RelyingParty(provider)


def test_a_person_who_is_logged_in_allows_once_and_is_not_asked_again(
    provider: Provider, rp: RelyingParty
) -> None:
    browser, person = open_browser(provider), new_person(provider)
    session = log_in(provider, browser, person)
    consent = browser.open(rp.address(scope="openid profile"))
    assert isinstance(consent, Page)
    assert "Nguyễn Văn Mẫu" in consent.text
    answer = allow(browser, consent)
    assert isinstance(answer, Callback)
    assert answer.params.keys() == {"code", "state", "iss"}
    assert (answer.params["state"], answer.params["iss"]) == (f"state-of-{rp.client_id}", ISSUER)

    services = services_of(provider)
    now = int(provider.clock().timestamp())
    authorization = services.codes.redeem(answer.params["code"], now)
    assert authorization.scope == "openid profile"
    assert authorization.authentication == session.authentication()
    assert authorization.redirect_uri == rp.redirect_uri
    assert services.sessions.clients_of(session.session_id) == [rp.client_id]

    again = browser.open(rp.address(scope="openid profile"))
    assert isinstance(again, Callback)
    assert again.params["code"] != answer.params["code"]


def test_whoever_is_not_logged_in_is_sent_to_the_login_page(provider: Provider, rp: RelyingParty) -> None:
    browser = open_browser(provider)
    page = browser.open(rp.address())
    assert isinstance(page, Page)
    assert page.url.startswith(f"{ISSUER}/login/")
    log_in(provider, browser, new_person(provider))
    consent = browser.open(page.url.replace("/login/", "/authorize/resume/"))
    assert isinstance(allow(browser, consent), Callback)


def test_a_first_party_asks_nobody(provider: Provider) -> None:
    rp = RelyingParty(provider, FIRST_PARTY)
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    assert isinstance(browser.open(rp.address(scope="openid profile email")), Callback)


def test_a_pushed_request_is_answered_once(provider: Provider) -> None:
    rp = RelyingParty(provider, FAPI2)
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    address = rp.pushed_address()
    consent = browser.open(address)
    answer = allow(browser, consent)
    assert isinstance(answer, Callback)
    assert "code" in answer.params


def test_no_means_access_denied(provider: Provider, rp: RelyingParty) -> None:
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    answer = press(browser, browser.open(rp.address()), "consent-reject")
    assert isinstance(answer, Callback)
    assert answer.params["error"] == "access_denied"
    assert answer.params["iss"] == ISSUER


@pytest.mark.parametrize(
    ("issuer", "cookie"),
    [
        ("http://127.0.0.1:8081", "j-"),
        (f"{ISSUER}/tinh", "__Host-j-"),
    ],
)
def test_another_issuer_has_the_same_endpoint(
    tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys, issuer: str, cookie: str
) -> None:
    """Plain http on a loopback address for development, and an issuer with a path."""
    provider = Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target, issuer=issuer)
    rp = RelyingParty(provider)
    browser = open_browser(provider)
    page = browser.open(rp.address())
    assert isinstance(page, Page)
    assert page.url.startswith(f"{issuer}/login/")
    names = [each.name for each in browser.http.cookies.jar]
    assert any(name.startswith(cookie) for name in names)
    log_in(provider, browser, new_person(provider))
    answer = allow(browser, browser.open(page.url.replace("/login/", "/authorize/resume/").split("?")[0]))
    assert isinstance(answer, Callback)
    assert answer.params["iss"] == issuer
