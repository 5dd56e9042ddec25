"""Ways into another person's account that were tried, and are closed."""

import re
import secrets

import pytest

from idp.directory.person import LEFT, SUSPENDED
from idp.login.password_login import account_key
from tests.idp.people import PASSWORD, Browser, enrol
from tests.idp.provider import Provider


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
