"""Nobody makes a stronger way in of a weaker one in silence."""

import re

import pytest

from idp.directory.factor import PASSKEY, TOTP, Factor
from idp.store.evidence import read_of_person
from tests.idp.passkeys import log_in, new_passkey, register
from tests.idp.people import PASSWORD, Browser, Enrolled, enrol, form_token
from tests.idp.provider import Provider

ADD, OPTIONS = "/account/factors/passkey", "/account/factors/passkey/options"


def factors(provider: Provider, person: Enrolled) -> list[Factor]:
    found: list[Factor] = provider.app.extensions["idp"].factors.of_person(person.person_id)
    return found


def levels(provider: Provider, person: Enrolled) -> set[str]:
    services = provider.app.extensions["idp"]
    found = services.sessions.of_person(person.person_id, int(provider.clock().timestamp()))
    return {session.acr for session in found}


def with_passkey(provider: Provider, person: Enrolled, *, state: str = "active") -> Factor:
    services = provider.app.extensions["idp"]
    now = int(provider.clock().timestamp())
    made = services.factors.add(
        person.person_id, PASSKEY, secret="cose", handle=person.person_id, bound_to_device=True, now=now
    )
    services.factors.change_state(made.factor_id, person.person_id, state)
    return made


def test_a_passkey_added_after_a_weaker_login_waits_a_day_and_each_login_tells_of_it(
    provider: Provider,
) -> None:
    """Password and one-time password were phished: the owner has a day to see the stranger's passkey."""
    person, stranger = enrol(provider), Browser(provider)
    stranger.login(person)
    stranger.get("/account/factors")
    passkey = new_passkey(provider)
    page = register(stranger, passkey, OPTIONS, ADD)
    assert "Đã thêm khóa truy cập." in page.text
    # It opens nothing yet.
    thief = Browser(provider)
    thief.get("/account")
    page = log_in(thief, passkey, person.person_id)
    assert page.status_code == 400
    assert "chưa dùng được ngay" in page.text
    assert levels(provider, person) == {"LoA2"}
    # The owner is told at the next login, and throws both out.
    provider.clock.pass_(seconds=31)
    owner = Browser(provider)
    page = owner.login(person)
    assert "Có cách đăng nhập mới" in page.text
    owner.get("/account/factors")
    [added] = [each for each in factors(provider, person) if each.kind == PASSKEY]
    owner.post("/account/factors/change", factor_id=added.factor_id, act="remove")
    assert not [each for each in factors(provider, person) if each.kind == PASSKEY]
    with provider.database.reading() as connection:
        told = read_of_person(connection, person.person_id, ("factor.added_stronger",), before=0, limit=9)
    assert [each.event.details["kind"] for each in told] == [PASSKEY]


def test_after_a_day_it_is_the_persons_own(provider: Provider) -> None:
    person, browser = enrol(provider), Browser(provider)
    browser.login(person)
    browser.get("/account/factors")
    passkey = new_passkey(provider)
    register(browser, passkey, OPTIONS, ADD)
    provider.clock.pass_(days=1)
    later = Browser(provider)
    later.get("/account")
    log_in(later, passkey, person.person_id)
    assert later.path == "/account"
    assert levels(provider, person) == {"LoA4"}


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_who_has_less_than_the_strongest_factor_adds_and_removes_nothing(
    provider: Provider, state: str
) -> None:
    """Neither beside it, nor after suspending it, which a lost telephone needs at once."""
    person, browser = enrol(provider), Browser(provider)
    held = with_passkey(provider, person, state=state)
    browser.login(person)
    page = browser.get("/account/factors")
    found = re.search(r'class="secret">(\w+)<', page.text)
    assert bool(found) is (state == "suspended")
    answer = browser.post("/account/factors/totp", otp="000000")
    assert answer.status_code == 403
    page = browser.post("/account/factors/change", factor_id=held.factor_id, act="remove")
    assert page.status_code == 403
    form = {"csrf_token": form_token(page)}
    options = browser.client.post(OPTIONS, base_url=browser.base, data=form)
    assert options.status_code == 403
    assert [each.kind for each in factors(provider, person)].count(TOTP) == 1
    assert held.factor_id in [each.factor_id for each in factors(provider, person)]


def test_a_password_is_changed_by_the_strongest_factor_too(provider: Provider) -> None:
    person, browser = enrol(provider), Browser(provider)
    with_passkey(provider, person)
    browser.login(person)
    browser.get("/account/factors")
    assert browser.post("/account/factors/password", new_password="con cò bay lả bay la").status_code == 403
    browser.get("/account/factors")
    page = browser.post("/account/factors/prove")
    # To the login page, which offers the passkey on top of what was shown.
    assert browser.path.startswith("/login/")
    assert "passkey-submit" in page.text
    provider.clock.pass_(seconds=31)
    assert Browser(provider).login(person).status_code == 200


def test_a_password_alone_adds_no_second_factor_that_counts_at_once(provider: Provider) -> None:
    """A citizen's account of one password: whoever has it cannot make two factors of it today."""
    person = enrol(provider, kind="citizen", totp=False)
    browser = Browser(provider)
    browser.login(person)
    page = browser.get("/account/factors")
    found = re.search(r'class="secret">(\w+)<', page.text)
    assert found
    app = Enrolled(person.person, totp_secret=found.group(1))
    assert "Đã thêm ứng dụng xác thực." in browser.post("/account/factors/totp", otp=app.otp(provider)).text
    [totp] = [each for each in factors(provider, person) if each.kind == TOTP]
    assert totp.usable_from == int(provider.clock().timestamp()) + 86400
    other = Browser(provider)
    other.get("/account")
    other.post(f"{other.path}/password", username=person.username, password=PASSWORD)
    assert "Có cách đăng nhập mới" in (other.page.text if other.page else "")
    assert levels(provider, person) == {"LoA1"}


def test_after_a_passkey_another_one_counts_at_once(provider: Provider) -> None:
    """Whoever could not be phished needs no second look."""
    person, browser = enrol(provider), Browser(provider)
    browser.login(person)
    browser.step_up(person, acr="LoA3", amr=("swk", "user", "mfa"))
    browser.get("/account/factors")
    register(browser, new_passkey(provider), OPTIONS, ADD)
    [added] = [each for each in factors(provider, person) if each.kind == PASSKEY]
    assert added.usable_from == 0
