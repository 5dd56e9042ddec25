"""Who became an administrator without a passkey gets in by another administrator's word, and only so."""

import re
from dataclasses import replace

import pytest

from idp.store.evidence import read_of_person
from idp.store.passkey_invitations import handle_of
from tests.idp.passkeys import new_passkey, register
from tests.idp.people import PASSWORD, Browser, Enrolled, enrol
from tests.idp.provider import Provider


def administrator(provider: Provider) -> Browser:
    """In the browser of one who proved a passkey just now."""
    person, browser = enrol(provider), Browser(provider)
    browser.login(person)
    browser.step_up(person, acr="LoA4", amr=("hwk", "user", "mfa"))
    promote(provider, person)
    return browser


def promote(provider: Provider, person: Enrolled) -> None:
    people = provider.app.extensions["idp"].people
    found = people.find(person.person_id)
    people.save(replace(found, roles=("administrator",)), 0)


def invite(browser: Browser, username: str) -> str:
    browser.get("/admin/passkey-invitations")
    page = browser.post("/admin/passkey-invitations", username=username)
    found = re.search(r'invitation">([^<]+)<', page.text)
    assert found, page.text
    return found.group(1).removeprefix(browser.base)


def by_password_and_app(provider: Provider, person: Enrolled, link: str) -> Browser:
    browser = Browser(provider)
    browser.get(link)
    browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    browser.post(f"{browser.path}/totp", otp=person.otp(provider))
    return browser


def enrols(browser: Browser, provider: Provider) -> object:
    path = browser.path
    return register(browser, new_passkey(provider), f"{path}/enrol/options", f"{path}/enrol")


def levels(provider: Provider, person: Enrolled) -> list[str]:
    services = provider.app.extensions["idp"]
    found = services.sessions.of_person(person.person_id, int(provider.clock().timestamp()))
    return [session.acr for session in found]


def test_a_new_administrator_enrols_a_passkey_and_is_in(provider: Provider) -> None:
    person = enrol(provider)
    promote(provider, person)
    alone = Browser(provider)
    assert "Cần thêm một cách xác thực" in alone.login(person).text
    provider.clock.pass_(seconds=31)
    link = invite(administrator(provider), person.username)
    browser = by_password_and_app(provider, person, link)
    assert browser.page is not None
    assert "đã mời bạn đăng ký khóa truy cập" in browser.page.text
    enrols(browser, provider)
    assert browser.path == "/account/factors"
    assert levels(provider, person) == ["LoA4"]
    with provider.database.reading() as connection:
        names = ("factor.added", "factor.invited")
        told = [
            each.event.name for each in read_of_person(connection, person.person_id, names, before=0, limit=9)
        ]
    assert sorted(told) == ["factor.added", "factor.invited"]


def test_an_invitation_is_good_once_and_for_half_an_hour(provider: Provider) -> None:
    person, by = enrol(provider), administrator(provider)
    link = invite(by, person.username)
    enrols(by_password_and_app(provider, person, link), provider)
    used = Browser(provider).get(link)
    assert used.status_code == 400
    assert "Thư mời này đã hết hiệu lực" in used.text
    late = invite(by, person.username)
    handle = provider.app.extensions["idp"].login.invitations
    assert 0 < handle._redis.ttl(f"idp:passkey-invitation:{handle_of(late.rpartition('/')[2])}") <= 1800


def test_two_answers_to_one_invitation_are_one_passkey(provider: Provider) -> None:
    person = enrol(provider)
    link = invite(administrator(provider), person.username)
    first = by_password_and_app(provider, person, link)
    provider.clock.pass_(seconds=31)
    second = by_password_and_app(provider, person, link)
    path = second.path
    enrols(first, provider)
    second.post(f"{path}/enrol", credential="{}")
    kinds = [each.kind for each in provider.app.extensions["idp"].factors.of_person(person.person_id)]
    assert kinds.count("passkey") == 1


@pytest.mark.parametrize("who", ["another", "password only", "nobody"])
def test_the_link_alone_opens_nothing(provider: Provider, who: str) -> None:
    """It may be read over a shoulder or in a mailbox."""
    person, other = enrol(provider), enrol(provider)
    link = invite(administrator(provider), person.username)
    if who == "another":
        browser = by_password_and_app(provider, other, link)
    else:
        browser = Browser(provider)
        browser.get(link)
        if who == "password only":
            browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    assert browser.page is not None
    assert "đã mời bạn đăng ký khóa truy cập" not in browser.page.text
    if who != "another":
        browser.post(f"{browser.path}/enrol", credential="{}")
    for each in (person, other):
        found = provider.app.extensions["idp"].factors.of_person(each.person_id)
        assert "passkey" not in [factor.kind for factor in found]


def test_nobody_invites_themselves_nor_after_an_hour(provider: Provider) -> None:
    by = administrator(provider)
    services = provider.app.extensions["idp"]
    cookie = by.client.get_cookie("__Host-sid", domain="sso.example.gov.vn")
    assert cookie
    session = services.sessions.find(cookie.value, int(provider.clock().timestamp()))
    own = services.people.find(session.person_id)
    by.get("/admin/passkey-invitations")
    assert by.post("/admin/passkey-invitations", username=own.username).status_code == 400
    provider.clock.pass_(minutes=11)
    by.get("/admin/passkey-invitations")
    assert by.path.startswith("/login/")


@pytest.mark.parametrize("is_administrator", [False, True])
def test_an_answer_that_enrols_nothing_leads_to_no_dead_end(
    provider: Provider, *, is_administrator: bool
) -> None:
    """The invitation is spent: that is said, and who has enough without it goes on."""
    person = enrol(provider)
    if is_administrator:
        promote(provider, person)
    browser = by_password_and_app(provider, person, invite(administrator(provider), person.username))
    path = browser.path
    page = browser.post(f"{path}/enrol", credential="{}")
    assert page.status_code == 400
    assert "Hãy nhờ quản trị viên gửi thư mời mới" in page.text
    assert (f'action="{path}/password"' in page.text) is not is_administrator
    if not is_administrator:
        browser.post(f"{path}/password", username=person.username, password=PASSWORD)
        assert browser.path == "/account/factors"
    assert levels(provider, person) == ([] if is_administrator else ["LoA2"])
