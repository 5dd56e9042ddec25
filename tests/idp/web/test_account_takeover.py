"""Ways into another person's account that were tried, and are closed."""

import re
import secrets
from pathlib import Path

import pytest

from idp.directory.person import LEFT, SUSPENDED
from idp.login.password_login import account_key
from tests.idp.people import PASSWORD, Browser, enrol, form_token
from tests.idp.provider import Provider
from tests.idp.software_keys import SoftwareKeys


def test_blanks_around_a_username_do_not_buy_more_guesses(provider: Provider) -> None:
    """Each spelling that finds the account counts as the account, however long it is."""
    person = enrol(provider)
    browser = Browser(provider)
    browser.get("/account")
    statuses = []
    for _ in range(7):
        username = person.username + " " * 2000 + secrets.token_hex(4)
        page = browser.post(f"{browser.path}/password", username=username, password="sai rồi sai rồi")
        statuses.append(page.status_code)
    assert statuses == [400] * 5 + [429] * 2


def test_a_long_spelling_is_counted_as_what_it_finds() -> None:
    assert account_key("lan" + " " * 2000 + "x") == account_key(" LAN ")


@pytest.mark.parametrize("state", [SUSPENDED, LEFT])
def test_who_is_suspended_between_two_factors_is_not_logged_in(provider: Provider, state: str) -> None:
    person = enrol(provider)
    browser = Browser(provider)
    browser.get("/account")
    browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    services = provider.app.extensions["idp"]
    now = int(provider.clock().timestamp())
    services.people.change_state(person.person_id, state, now)
    page = browser.post(f"{browser.path}/totp", otp=person.otp(provider))
    assert page.status_code == 400
    assert not services.sessions.of_person(person.person_id, now)


@pytest.mark.parametrize("path", ["//thu.example/x", "/\\thu.example/x", "///thu.example", "/\t/thu.example"])
def test_the_link_to_the_other_language_leads_nowhere_else(provider: Provider, path: str) -> None:
    """The page of an address that does not exist has one too, and whoever makes the link chooses the path."""
    with provider.app.test_request_context(environ_overrides={"PATH_INFO": path}):
        link = provider.app.jinja_env.globals["language_link"]("en")
    assert re.match(r"/(?![/\\\s])", link), link


def test_a_user_code_is_guessed_from_one_network_at_a_time(
    tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys
) -> None:
    """Behind the gateway too: neither do all share one budget, nor does a claimed address buy another."""
    gateways = ("127.0.0.1",)
    provider = Provider(
        tmp_path, redis_url=redis_url, key_process=shared_keys.target, gateway_addresses=gateways
    )
    browser, network = Browser(provider), secrets.randbelow(250)
    token = form_token(browser.get("/device"))

    def enter(address: str) -> int:
        form = {"csrf_token": token, "user_code": "BCDF-GHJK"}
        headers = {"X-Forwarded-For": address}
        return browser.client.post("/device", base_url=browser.base, data=form, headers=headers).status_code

    assert [enter(f"9.9.9.{number}, 203.0.{network}.7") for number in range(11)] == [400] * 10 + [429]
    assert enter(f"198.51.{network}.7") == 400


def test_a_weaker_login_later_does_not_say_what_was_shown_before(provider: Provider) -> None:
    """A relying party that looks at amr would take yesterday morning's passkey for one of this minute."""
    person, services = enrol(provider), provider.app.extensions["idp"]
    browser = Browser(provider)
    browser.login(person)
    now = int(provider.clock().timestamp())
    [session] = services.sessions.of_person(person.person_id, now)
    browser.step_up(person, acr="LoA4", amr=("hwk", "user", "mfa"))
    provider.clock.pass_(minutes=20)
    browser.get("/account/factors")
    browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    browser.post(f"{browser.path}/totp", otp=person.otp(provider))
    assert browser.path == "/account/factors"
    [after] = services.sessions.of_person(person.person_id, int(provider.clock().timestamp()))
    assert (after.session_id, after.acr, after.amr) == (session.session_id, "LoA2", ("mfa", "otp", "pwd"))


def test_a_shared_computer_keeps_no_long_session_from_before(provider: Provider) -> None:
    """Whoever ticks the box when asked again means this session too: it is short from then on."""
    person, services = enrol(provider), provider.app.extensions["idp"]
    browser = Browser(provider)
    browser.login(person)
    provider.clock.pass_(minutes=20)
    browser.get("/account/factors")
    browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD, kiosk="yes")
    browser.post(f"{browser.path}/totp", otp=person.otp(provider))
    now = int(provider.clock().timestamp())
    [session] = services.sessions.of_person(person.person_id, now)
    assert session.kiosk
    assert session.expires_at == now + provider.settings.kiosk_seconds
