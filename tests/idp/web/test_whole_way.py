"""From a relying party through the login and consent pages and back, as a person goes."""

import json

import pytest

from idp.directory.person import Mandate
from idp.protocol.authorization import Authorization
from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.idp.people import enrol
from tests.idp.provider import ISSUER, Provider
from tests.idp.relying_party import (
    FAPI2,
    FIRST_PARTY,
    RelyingParty,
    allow,
    open_browser,
    press,
    services_of,
    type_in,
)


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return open_browser(provider)


def granted(provider: Provider, answer: Page | Callback) -> Authorization:
    assert isinstance(answer, Callback), answer.text
    now = int(provider.clock().timestamp())
    authorization = services_of(provider).codes.redeem(answer.params["code"], now)
    assert isinstance(authorization, Authorization), answer.params
    return authorization


def test_a_person_logs_in_allows_and_comes_back(provider: Provider, browser: Browser) -> None:
    rp, person = RelyingParty(provider, FAPI2), enrol(provider)
    page = browser.open(rp.pushed_address(scope="openid profile"))
    consent = type_in(provider, browser, page, person)
    assert isinstance(consent, Page)
    assert person.person.name in consent.text
    authentication = granted(provider, allow(browser, consent)).authentication
    assert authentication.person_id == person.person_id
    assert (authentication.acr, set(authentication.amr)) == ("LoA2", {"pwd", "otp", "mfa"})


def test_whoever_gives_up_at_the_login_page_is_told_to_the_relying_party(
    provider: Provider, browser: Browser
) -> None:
    page = browser.open(RelyingParty(provider, FIRST_PARTY).address())
    answer = press(browser, page, "login-cancel")
    assert isinstance(answer, Callback)
    assert answer.params["error"] == "access_denied"


def test_prompt_login_asks_for_the_password_once(provider: Provider, browser: Browser) -> None:
    rp, person = RelyingParty(provider, FIRST_PARTY), enrol(provider)
    before = granted(provider, type_in(provider, browser, browser.open(rp.address()), person))
    provider.clock.pass_(seconds=31)
    page = browser.open(rp.address(prompt="login"))
    after = granted(provider, type_in(provider, browser, page, person))
    assert after.authentication.auth_time > before.authentication.auth_time
    assert after.authentication.session_id == before.authentication.session_id
    provider.clock.pass_(seconds=31)
    page = browser.open(rp.address(max_age=5))
    assert granted(provider, type_in(provider, browser, page, person))


def test_an_essential_level_that_the_person_lacks_ends_at_the_relying_party(
    provider: Provider, browser: Browser
) -> None:
    """An official without a passkey: the login pages lead on or out, never round in a circle."""
    rp, person = RelyingParty(provider, FIRST_PARTY), enrol(provider)
    claims = json.dumps({"id_token": {"acr": {"essential": True, "value": "LoA3"}}})
    page = type_in(provider, browser, browser.open(rp.address(claims=claims)), person)
    if isinstance(page, Page):
        page = press(browser, page, "login-cancel")
    assert isinstance(page, Callback)
    assert page.params["error"] in ("unmet_authentication_requirements", "access_denied")


def test_a_wished_level_that_the_person_lacks_does_not_keep_them_out(
    provider: Provider, browser: Browser
) -> None:
    rp, person = RelyingParty(provider, FIRST_PARTY), enrol(provider)
    answer = type_in(provider, browser, browser.open(rp.address(acr_values="LoA4")), person)
    assert granted(provider, answer).authentication.acr == "LoA2"


def test_another_account_is_another_session(provider: Provider, browser: Browser) -> None:
    rp, first, second = RelyingParty(provider, FIRST_PARTY), enrol(provider), enrol(provider)
    one = granted(provider, type_in(provider, browser, browser.open(rp.address()), first))
    choice = browser.open(rp.address(prompt="select_account"))
    two = granted(provider, type_in(provider, browser, press(browser, choice, "account-other"), second))
    assert two.authentication.person_id == second.person_id
    assert two.authentication.session_id != one.authentication.session_id


def test_a_person_chooses_for_whom_to_act(provider: Provider, browser: Browser) -> None:
    mandate = Mandate("m-1", "enterprise", "4000000001", "Công ty MẪU", ("all",), 0, 0)
    rp, person = RelyingParty(provider, FIRST_PARTY), enrol(provider, mandates=(mandate,))
    page = type_in(provider, browser, browser.open(rp.address(scope="openid mandate")), person)
    assert isinstance(page, Page)
    assert page.url.startswith(f"{ISSUER}/login/")
    assert page.url.endswith("/mandate")
    assert "Công ty MẪU" in page.text
    answer = press(browser, page, "mandate-submit", mandate="m-1")
    assert granted(provider, answer).authentication.mandate_id == "m-1"
