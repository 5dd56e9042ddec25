"""Reload, back, double click, many tabs, lost cookies, an hour's pause: the person goes on, or the relying
party is told.
"""

from typing import Any

import pytest

from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.idp.provider import ISSUER, Provider
from tests.idp.relying_party import (
    FAPI2,
    RelyingParty,
    allow,
    journey_of,
    log_in,
    new_person,
    open_browser,
    services_of,
)


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return RelyingParty(provider)


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return open_browser(provider)


def shown(answer: Page | Callback) -> Page:
    assert isinstance(answer, Page), answer
    return answer


def arrived(answer: Page | Callback) -> dict[str, str]:
    assert isinstance(answer, Callback), answer.text
    return dict(answer.params)


def resume(browser: Browser, page: Page) -> Page | Callback:
    return browser.open(f"{ISSUER}/authorize/resume/{journey_of(page)}")


def run_out(provider: Provider, page: Page) -> None:
    """Half an hour later Redis has dropped the journey."""
    services_of(provider).redis.delete(f"idp:journey:{journey_of(page)}")


def redeem(provider: Provider, code: str) -> Any:
    return services_of(provider).codes.redeem(code, int(provider.clock().timestamp()))


def test_a_second_click_on_the_consent_gets_the_same_answer(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider))
    consent = shown(browser.open(rp.address()))
    first, second = arrived(allow(browser, consent)), arrived(allow(browser, consent))
    assert first == second
    assert arrived(resume(browser, consent)) == first, "and so does a reload"


def test_a_code_that_was_redeemed_is_not_sent_again(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    """The relying party would look like a thief and lose its tokens (RFC 6749 §4.1.2)."""
    log_in(provider, browser, new_person(provider))
    consent = shown(browser.open(rp.address()))
    assert redeem(provider, arrived(allow(browser, consent))["code"])
    back = shown(allow(browser, consent))
    assert back.status == 200
    assert "Bạn đã đăng nhập xong" in back.text
    assert back.links[-1][0] == "https://one-stop.example.gov.vn/"


def test_a_refusal_is_repeated_too(provider: Provider, rp: RelyingParty, browser: Browser) -> None:
    page = shown(browser.open(rp.address()))
    services_of(provider).journeys.record(journey_of(page), refused="access_denied")
    assert arrived(resume(browser, page)) == arrived(resume(browser, page))


def test_a_journey_that_lost_its_cookie_begins_anew(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider))
    consent = shown(browser.open(rp.address()))
    for cookie in list(browser.http.cookies.jar):
        if cookie.name.startswith("__Host-j-"):
            browser.http.cookies.delete(cookie.name)
    again = shown(resume(browser, consent))
    assert journey_of(again) != journey_of(consent)
    assert "code" in arrived(allow(browser, again))


def test_a_journey_in_another_browser_begins_anew_with_nothing_done(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    """Session fixation: what one person did in a journey is worth nothing to whoever gets its address."""
    log_in(provider, browser, new_person(provider))
    consent = shown(browser.open(rp.address(scope="openid profile")))
    services_of(provider).journeys.record(journey_of(consent), mandate_id="mandate-1", account="x")
    victim = open_browser(provider)
    login = shown(resume(victim, consent))
    assert login.url.startswith(f"{ISSUER}/login/")
    assert journey_of(login) != journey_of(consent)
    log_in(provider, victim, new_person(provider))
    assert shown(resume(victim, login)).url.startswith(f"{ISSUER}/consent/")


@pytest.mark.parametrize("mode", ["query", "form_post", "jwt"])
def test_a_journey_that_ran_out_tells_the_relying_party(
    provider: Provider, rp: RelyingParty, browser: Browser, mode: str
) -> None:
    page = shown(browser.open(rp.address(response_mode=mode)))
    run_out(provider, page)
    for address in ("authorize/resume", "consent", "account-choice"):
        answer = browser.open(f"{ISSUER}/{address}/{journey_of(page)}")
        told = arrived(answer)
        if mode != "jwt":
            assert told["error"] == "access_denied"
            assert told["state"] == f"state-of-{rp.client_id}"


def test_an_address_that_never_was_says_what_to_do(provider: Provider, browser: Browser) -> None:
    browser.http.headers["Accept"] = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
    for made_up in ("x", "A" * 22, "%00", "../authorize"):
        page = shown(browser.open(f"{ISSUER}/authorize/resume/{made_up}"))
        assert page.status in (400, 404)
        assert "<h1>" in page.text
    page = shown(browser.open(f"{ISSUER}/authorize/resume/{'A' * 22}"))
    assert "Lần đăng nhập này đã hết hạn" in page.text
    english = shown(browser.open(f"{ISSUER}/authorize/resume/{'A' * 22}?lang=en"))
    assert "This login is over" in english.text


def test_tabs_do_not_collide(provider: Provider, rp: RelyingParty, browser: Browser) -> None:
    other = RelyingParty(provider)
    pages = [shown(browser.open(party.address(state=f"tab {n}"))) for n, party in enumerate((rp, other, rp))]
    log_in(provider, browser, new_person(provider))
    states = [arrived(allow(browser, resume(browser, page)))["state"] for page in pages[:2]]
    assert states == ["tab 0", "tab 1"]
    assert arrived(resume(browser, pages[2]))["state"] == "tab 2"


def test_a_browser_with_very_many_tabs_keeps_its_cookies_few(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    pages = [shown(browser.open(rp.address(state=str(n)))) for n in range(20)]
    cookies = [each for each in browser.http.cookies.jar if each.name.startswith("__Host-j-")]
    assert len(cookies) <= 12
    log_in(provider, browser, new_person(provider))
    for n in (0, 19):
        page = resume(browser, pages[n])
        answer = allow(browser, page) if isinstance(page, Page) else page
        assert arrived(answer)["state"] == str(n)


def test_reloading_a_pushed_request_goes_on_with_the_same_journey(
    provider: Provider, browser: Browser
) -> None:
    rp = RelyingParty(provider, FAPI2)
    address = rp.pushed_address()
    login = shown(browser.open(address))
    assert journey_of(shown(browser.open(address))) == journey_of(login)
    # the 90 seconds are over: the journey is under way, so it still goes on
    services = services_of(provider)
    for key in services.redis.scan_iter("idp:pushed:*"):
        if services.redis.ttl(key) <= 90:
            services.redis.delete(key)
    log_in(provider, browser, new_person(provider))
    consent = shown(browser.open(address).url and resume(browser, shown(browser.open(address))))
    answer = arrived(allow(browser, consent))
    assert arrived(browser.open(address)) == answer, "a reload at the very end"


def test_a_pushed_request_that_was_visited_elsewhere_is_not_burnt(
    provider: Provider, browser: Browser
) -> None:
    """A page loaded ahead, a link preview: one use is counted at the end (FAPI 2.0)."""
    rp = RelyingParty(provider, FAPI2)
    address = rp.pushed_address()
    shown(open_browser(provider).open(address))
    log_in(provider, browser, new_person(provider))
    assert "code" in arrived(allow(browser, browser.open(address)))


def test_of_two_tabs_with_one_pushed_request_the_second_is_told(provider: Provider) -> None:
    rp = RelyingParty(provider, FAPI2)
    address = rp.pushed_address()
    browsers = [open_browser(provider), open_browser(provider)]
    pages = []
    for each in browsers:
        log_in(provider, each, new_person(provider))
        pages.append(each.open(address))
    first, second = (arrived(allow(each, page)) for each, page in zip(browsers, pages, strict=True))
    assert "code" in first
    assert second["error"] == "invalid_request_uri"
    assert second["state"] == first["state"]


def test_an_expired_pushed_request_tells_the_relying_party(provider: Provider, browser: Browser) -> None:
    rp = RelyingParty(provider, FAPI2)
    address = rp.pushed_address()
    services = services_of(provider)
    for key in services.redis.scan_iter("idp:pushed:*"):
        if services.redis.ttl(key) <= 90:
            services.redis.delete(key)
    told = arrived(browser.open(address))
    assert (told["error"], told["iss"]) == ("invalid_request_uri", ISSUER)


def test_a_used_pushed_request_is_refused(provider: Provider, browser: Browser) -> None:
    rp = RelyingParty(provider, FAPI2)
    address = rp.pushed_address()
    log_in(provider, browser, new_person(provider))
    answer = arrived(allow(browser, browser.open(address)))
    assert redeem(provider, answer["code"])
    assert arrived(browser.open(address))["error"] == "invalid_request_uri"
    assert arrived(open_browser(provider).open(address))["error"] == "invalid_request_uri"


def test_a_session_that_ended_meanwhile_gives_no_code(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    session = log_in(provider, browser, new_person(provider))
    consent = shown(browser.open(rp.address()))
    services = services_of(provider)
    services.end_session(session.session_id, reason="logout", now=int(provider.clock().timestamp()))
    assert shown(allow(browser, consent)).url.startswith(f"{ISSUER}/login/")


def test_a_client_that_was_disabled_meanwhile_gets_nothing(
    provider: Provider, rp: RelyingParty, browser: Browser
) -> None:
    log_in(provider, browser, new_person(provider))
    consent = shown(browser.open(rp.address()))
    rp.disable()
    page = shown(allow(browser, consent))
    assert (page.status, "client_disabled" in page.text) == (400, True)
