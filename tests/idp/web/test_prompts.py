"""What the Foundation's modules ask of prompt, max_age, acr and hints, at the endpoint itself."""

import json
from typing import Any

import pytest
from joserfc import jws

from idp.protocol.authorization import Authorization
from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.idp.provider import ISSUER, AnyHeader, Provider
from tests.idp.relying_party import (
    FIRST_PARTY,
    RelyingParty,
    log_in,
    new_person,
    open_browser,
    press,
    services_of,
)


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return RelyingParty(provider, FIRST_PARTY)


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return open_browser(provider)


def granted(provider: Provider, answer: Page | Callback) -> Authorization:
    assert isinstance(answer, Callback), answer
    now = int(provider.clock().timestamp())
    authorization = services_of(provider).codes.redeem(answer.params["code"], now)
    assert isinstance(authorization, Authorization)
    return authorization


def error_of(answer: Page | Callback) -> str:
    assert isinstance(answer, Callback), answer
    return answer.params.get("error", "")


def at_login(answer: Page | Callback) -> Page:
    assert isinstance(answer, Page), answer
    assert answer.url.startswith(f"{ISSUER}/login/"), answer.url
    return answer


def log_in_again(
    provider: Provider, browser: Browser, page: Page, person: Any, **proved: Any
) -> Page | Callback:
    provider.clock.pass_(seconds=5)
    log_in(provider, browser, person, **proved)
    return browser.open(page.url.replace("/login/", "/authorize/resume/").split("?")[0])


def test_prompt_none_shows_no_page(provider: Provider, rp: RelyingParty, browser: Browser) -> None:
    assert error_of(browser.open(rp.address(prompt="none"))) == "login_required"
    session = log_in(provider, browser, new_person(provider))
    provider.clock.pass_(seconds=60)
    silent = granted(provider, browser.open(rp.address(prompt="none")))
    assert silent.authentication == session.authentication()
    third_party = RelyingParty(provider)
    assert error_of(browser.open(third_party.address(prompt="none"))) == "consent_required"


def test_prompt_login_asks_once_and_then_goes_on(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    person = new_person(provider)
    before = log_in(provider, browser, person)
    provider.clock.pass_(seconds=10)
    page = at_login(browser.open(rp.address(prompt="login")))
    at_login(browser.open(page.url.replace("/login/", "/authorize/resume/")))
    after = granted(provider, log_in_again(provider, browser, page, person))
    assert after.authentication.auth_time > before.auth_time


def test_max_age_asks_again_when_it_is_over(provider: Provider, rp: RelyingParty, browser: Browser) -> None:
    person = new_person(provider)
    before = log_in(provider, browser, person)
    provider.clock.pass_(seconds=2)
    fine = granted(provider, browser.open(rp.address(max_age=10_000)))
    assert (fine.authentication.auth_time, fine.max_age_asked) == (before.auth_time, True)
    page = at_login(browser.open(rp.address(max_age=1)))
    after = granted(provider, log_in_again(provider, browser, page, person))
    assert after.authentication.auth_time > before.auth_time
    provider.clock.pass_(seconds=2)
    assert error_of(browser.open(rp.address(max_age=1, prompt="none"))) == "login_required"


def test_the_acr_of_the_answer_was_performed(provider: Provider, rp: RelyingParty, browser: Browser) -> None:
    person = new_person(provider)
    log_in(provider, browser, person, acr="LoA2", amr=("pwd", "otp", "mfa"))
    assert granted(provider, browser.open(rp.address(acr_values="LoA1"))).authentication.acr == "LoA1"
    assert granted(provider, browser.open(rp.address())).authentication.acr == "LoA2"
    page = at_login(browser.open(rp.address(acr_values="LoA3")))
    provider.clock.pass_(seconds=5)
    reached = log_in_again(provider, browser, page, person, acr="LoA3", amr=("hwk", "user"))
    assert granted(provider, reached).authentication.acr == "LoA3"


ESSENTIAL = json.dumps({"id_token": {"acr": {"essential": True, "values": ["LoA4"]}}})


def test_an_essential_acr_that_is_not_reached_is_no_success(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    person = new_person(provider)
    log_in(provider, browser, person, acr="LoA2")
    assert error_of(browser.open(rp.address(claims=ESSENTIAL, prompt="none"))) == "login_required"
    page = at_login(browser.open(rp.address(claims=ESSENTIAL)))
    answer = log_in_again(provider, browser, page, person, acr="LoA3")
    assert error_of(answer) == "unmet_authentication_requirements"
    wish = at_login(browser.open(rp.address(acr_values="LoA4")))
    as_it_is = log_in_again(provider, browser, wish, person, acr="LoA3")
    assert granted(provider, as_it_is).authentication.acr == "LoA3"


def hint(provider: Provider, rp: RelyingParty, person_id: str, **changes: Any) -> str:
    services = services_of(provider)
    client = services.clients.find_client(rp.client_id)
    assert client is not None
    sub = services.subjects.sub_for(person_id, client)
    claims = {"iss": ISSUER, "aud": rp.client_id, "sub": sub, "iat": 1, "exp": 2} | changes
    return services.token_keys.sign("ES256", claims, typ="JWT")


def test_an_id_token_hint_names_who_is_expected(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    expected, other = new_person(provider), new_person(provider)
    log_in(provider, browser, expected)
    ours, others = hint(provider, rp, expected.person_id), hint(provider, rp, other.person_id)
    assert granted(provider, browser.open(rp.address(prompt="none", id_token_hint=ours)))
    assert error_of(browser.open(rp.address(prompt="none", id_token_hint=others))) == "login_required"
    page = at_login(browser.open(rp.address(id_token_hint=others)))
    assert error_of(log_in_again(provider, browser, page, expected)) == "login_required"
    foreign = hint(provider, rp, expected.person_id, aud="another")
    assert error_of(browser.open(rp.address(prompt="none", id_token_hint=foreign))) == "invalid_request"


def test_a_hint_that_somebody_else_signed_is_refused(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    payload = json.dumps({"iss": ISSUER, "aud": rp.client_id, "sub": "x"}).encode()
    forged = jws.serialize_compact(
        {"alg": "ES256", "kid": "es-1"}, payload, rp.system.key, registry=AnyHeader("ES256")
    )
    assert error_of(browser.open(rp.address(id_token_hint=forged))) == "invalid_request"


def test_choosing_an_account(provider: Provider, rp: RelyingParty, browser: Browser) -> None:
    person = new_person(provider)
    log_in(provider, browser, person)
    page = browser.open(rp.address(prompt="select_account"))
    assert isinstance(page, Page)
    assert person.name in page.text
    assert (
        granted(provider, press(browser, page, "account-continue")).authentication.person_id
        == person.person_id
    )
    page = browser.open(rp.address(prompt="select_account"))
    login = at_login(press(browser, page, "account-other"))
    other = new_person(provider)
    assert (
        granted(provider, log_in_again(provider, browser, login, other)).authentication.person_id
        == other.person_id
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"display": "page"},
        {"display": "popup"},
        {"login_hint": "mau@example.gov.vn"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"extra": "foobar"},
        {"nonce": None},
        {"state": None},
        {"nonce": "n" * 384},
        {"scope": "profile openid"},
        {"claims": '{"userinfo":{"name":{"essential":true}}}'},
        {"code_challenge": None, "code_challenge_method": None},
        {"acr_values": "LoA1 LoA2"},
    ],
)
def test_what_the_suite_sends_is_answered(
    provider: Provider, rp: RelyingParty, browser: Browser, changes: dict[str, Any]
) -> None:
    log_in(provider, browser, new_person(provider))
    answer = browser.open(rp.address(**changes))
    authorization = granted(provider, answer)
    assert isinstance(answer, Callback)
    assert ("state" in answer.params) == ("state" not in changes)
    assert authorization.nonce == rp.parameters(**changes).get("nonce", "")


def test_a_form_from_another_site_is_answered_too(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    """oidcc-ensure-post-request-succeeds; the session's cookie comes on the way back only."""
    log_in(provider, browser, new_person(provider))
    assert granted(provider, browser.post(f"{ISSUER}/authorize", rp.parameters()))
    assert granted(provider, browser.post(f"{ISSUER}/authorize", rp.parameters(prompt="none")))


def test_the_language_of_the_pages_follows_ui_locales(provider: Provider, browser: Browser) -> None:
    log_in(provider, browser, new_person(provider))
    page = browser.open(RelyingParty(provider).address(ui_locales="fr en-GB"))
    assert isinstance(page, Page)
    assert '<html lang="en">' in page.text
