"""People log in with a real browser: by passkey, password, upstream; narrow, English, without scripts."""

import secrets
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from idp.directory.person import Mandate
from idp.store.people_tables import factor
from tests.browser.site import (
    NARROW,
    WIDE,
    Site,
    check_page,
    type_otp,
    type_password,
    virtual_authenticator,
    visitor,
)
from tests.idp.people import Enrolled, enrol
from tests.idp.relying_party import FIRST_PARTY, RelyingParty
from tests.servers.upstreams import RunningUpstreams

LOOKS = [("vi", WIDE), ("vi", NARROW), ("en", WIDE), ("en", NARROW)]


def relying_party(site: Site) -> RelyingParty:
    """Its page is one of ours that needs nothing: that the browser came back with a code is what counts."""
    return RelyingParty(site.provider, replace(FIRST_PARTY, redirect_uris=(f"{site.base}/healthz",)))


def add_passkey(page: Page, site: Site) -> None:
    page.goto(f"{site.base}/account/factors")
    page.click(".enrol-passkey")
    expect(page.locator(".alert-success")).to_be_visible()
    with site.services.database.writing() as connection:
        connection.execute(update(factor).values(usable_from=0))  # the day of waiting is over


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_an_official_logs_in_by_password_and_one_time_password(
    chromium: Browser, site: Site, official: Enrolled, language: str, width: int
) -> None:
    with visitor(chromium, language=language, width=width) as page:
        page.goto(f"{site.base}/account")
        check_page(page, f"login-{language}")
        page.fill("#username", official.username)
        page.fill("#password", "sai mật khẩu rồi nhé")
        page.locator("form:has(#password) .login-submit").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check_page(page, f"login-refused-{language}")
        type_password(page, official)
        check_page(page, f"second-{language}")
        type_otp(page, official, site)
        expect(page).to_have_url(f"{site.base}/account")
        check_page(page, f"account-{language}")
        for name in ("factors", "sessions", "services", "history"):
            page.goto(f"{site.base}/account/{name}")
            check_page(page, f"account-{name}-{language}")


def test_a_passkey_is_added_and_logs_in_by_itself(chromium: Browser, site: Site, official: Enrolled) -> None:
    with visitor(chromium) as page:
        virtual_authenticator(page)
        page.goto(f"{site.base}/account")
        type_password(page, official)
        type_otp(page, official, site)
        add_passkey(page, site)
        check_page(page, "account-with-passkey")
        page.context.clear_cookies()
        # The browser offers it in the username field (conditional mediation): no click is needed.
        page.goto(f"{site.base}/account")
        expect(page).to_have_url(f"{site.base}/account")
        found = site.services.sessions.of_person(official.person_id, int(site.clock().timestamp()))
        assert ("LoA4", ("hwk", "mfa", "user")) in [(each.acr, each.amr) for each in found]


def test_a_synced_passkey_is_worth_less_than_one_that_stays_in_its_device(
    chromium: Browser, site: Site, official: Enrolled
) -> None:
    with visitor(chromium) as page:
        virtual_authenticator(page, synced=True)
        page.goto(f"{site.base}/account")
        type_password(page, official)
        type_otp(page, official, site)
        add_passkey(page, site)
        page.context.clear_cookies()
        page.goto(f"{site.base}/account")
        expect(page).to_have_url(f"{site.base}/account")
        found = site.services.sessions.of_person(official.person_id, int(site.clock().timestamp()))
        assert ("LoA3", ("mfa", "swk", "user")) in [(each.acr, each.amr) for each in found]


def test_a_step_up_adds_a_passkey_in_the_same_session(
    chromium: Browser, site: Site, official: Enrolled
) -> None:
    party = relying_party(site)
    with visitor(chromium) as page:
        virtual_authenticator(page)
        page.goto(f"{site.base}/account")
        type_password(page, official)
        type_otp(page, official, site)
        add_passkey(page, site)
        now = int(site.clock().timestamp())
        before = site.services.sessions.of_person(official.person_id, now)
        page.goto(party.address())
        assert "code=" in page.url
        page.goto(party.address(acr_values="LoA3"))
        check_page(page, "step-up")
        page.click(".passkey-submit")
        page.wait_for_url(f"{site.base}/healthz?**")
        assert "code=" in page.url
        after = site.services.sessions.of_person(official.person_id, now)
        assert [each.session_id for each in after] == [each.session_id for each in before]
        assert (before[0].acr, after[0].acr) == ("LoA2", "LoA4")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_citizen_logs_in_through_the_national_portal(chromium: Browser, site: Site, language: str) -> None:
    party = relying_party(site)
    with visitor(chromium, language=language, width=NARROW) as page:
        page.goto(party.address())
        check_page(page, f"login-for-a-service-{language}")
        page.click(".upstream-npsp")
        page.get_by_role("button", name="Nguyễn Thị Lan MẪU").click()
        page.wait_for_url(f"{site.base}/healthz?**")
        assert "code=" in page.url


def test_an_upstream_that_is_down_leaves_the_person_with_the_other_ways(
    chromium: Browser, site: Site, upstreams: RunningUpstreams
) -> None:
    upstreams.misbehave("down")
    with visitor(chromium) as page:
        page.goto(f"{site.base}/account")
        page.click(".upstream-vneid")
        expect(page.get_by_role("alert")).to_be_visible()
        check_page(page, "upstream-down")
        expect(page.locator("#password")).to_be_visible()
    for name in ("npsp", "vneid"):
        site.services.redis.delete(f"idp:upstream:{name}:down")


def test_all_but_the_passkey_works_without_scripts(chromium: Browser, site: Site, official: Enrolled) -> None:
    with visitor(chromium, javascript=False, width=NARROW) as page:
        page.goto(f"{site.base}/account")
        expect(page.locator(".passkey-submit")).to_be_hidden()
        check_page(page, "login-no-script", javascript=False)
        type_password(page, official)
        type_otp(page, official, site)
        expect(page).to_have_url(f"{site.base}/account")
        page.goto(f"{site.base}/account/factors")
        page.click(".new-codes")
        expect(page.locator(".codes li")).to_have_count(10)
        page.click("text=English")
        expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_keyboard_alone_logs_in(chromium: Browser, site: Site, official: Enrolled) -> None:
    with visitor(chromium) as page:
        page.goto(f"{site.base}/account")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.focus("#username")
        page.keyboard.type(official.username)
        page.keyboard.press("Tab")
        page.keyboard.type(official.password)
        page.keyboard.press("Enter")
        # The field of the code has the focus already.
        expect(page.locator("#otp")).to_be_focused()
        page.keyboard.type(official.otp(site.provider))
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{site.base}/account")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_first_login_of_an_official(chromium: Browser, site: Site, width: int) -> None:
    person = enrol(site.provider, initial=True, totp=False)
    with visitor(chromium, width=width) as page:
        page.goto(f"{site.base}/account")
        type_password(page, person)
        check_page(page, "first-login")
        person.totp_secret = page.locator("code.secret").text_content() or ""
        page.fill("#password-2", "con cò bay lả bay la")
        page.fill("#otp", person.otp(site.provider))
        page.click(".enrol-submit")
        check_page(page, "recovery-codes")
        page.click(".codes-kept")
        expect(page).to_have_url(f"{site.base}/account")


def test_the_first_login_of_an_administrator_takes_a_passkey(chromium: Browser, site: Site) -> None:
    person = enrol(site.provider, initial=True, totp=False, roles=("administrator",))
    with visitor(chromium) as page:
        virtual_authenticator(page)
        page.goto(f"{site.base}/account")
        type_password(page, person)
        expect(page.locator(".qr")).to_have_count(0)
        page.fill("#password-1", "con cò bay lả bay la")
        page.click(".enrol-passkey")
        page.click(".codes-kept")
        expect(page).to_have_url(f"{site.base}/account")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_person_chooses_for_whom_they_act(chromium: Browser, site: Site, language: str) -> None:
    party = relying_party(site)
    now = int(site.clock().timestamp())
    company = Mandate(
        secrets.token_hex(8), "enterprise", "4000000001", "Công ty MẪU", ("all",), now - 1, now + 900
    )
    child = Mandate(secrets.token_hex(8), "child", "0" * 64, "Bé An MẪU", ("all",), now - 1, 0)
    person = enrol(site.provider, mandates=(company, child))
    with visitor(chromium, language=language, width=NARROW) as page:
        page.goto(party.address(scope="openid mandate"))
        type_password(page, person)
        type_otp(page, person, site)
        check_page(page, f"mandate-{language}")
        page.get_by_label("Công ty MẪU").check()
        page.click(".mandate-submit")
        page.wait_for_url(f"{site.base}/healthz?**")
        found = site.services.sessions.of_person(person.person_id, int(site.clock().timestamp()))
        assert found[0].mandate_id == company.mandate_id


def test_a_person_who_cancels_is_back_at_the_service_with_a_word(chromium: Browser, site: Site) -> None:
    party = relying_party(site)
    with visitor(chromium) as page:
        page.goto(party.address())
        page.click(".login-cancel")
        page.wait_for_url(f"{site.base}/healthz?**")
        assert "error=access_denied" in page.url


def test_two_tabs_do_not_collide(chromium: Browser, site: Site, official: Enrolled) -> None:
    party = relying_party(site)
    with visitor(chromium) as page:
        other = page.context.new_page()
        page.goto(f"{site.base}/account")
        other.goto(party.address())
        type_password(page, official)
        type_otp(page, official, site)
        expect(page).to_have_url(f"{site.base}/account")
        # The second tab is still on its login page; whoever is there by now is simply taken on.
        site.clock.pass_(seconds=31)
        type_password(other, official)
        type_otp(other, official, site)
        other.wait_for_url(f"{site.base}/healthz?**")
        assert "code=" in other.url


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_for_a_shared_computer(chromium: Browser, site: Site, language: str) -> None:
    with visitor(chromium, language=language, width=NARROW) as page:
        page.goto(f"{site.base}/kiosk")
        check_page(page, f"kiosk-{language}")
        page.locator("main button").click()
        page.goto(f"{site.base}/account")
        expect(page.locator("#kiosk")).to_be_checked()
