"""My account: sessions, factors, history, and what each of them asks for first."""

import re

import pytest

from idp.directory.factor import Factor
from tests.idp.people import PASSWORD, Browser, Enrolled, enrol
from tests.idp.provider import Provider


@pytest.fixture
def person(provider: Provider) -> Enrolled:
    return enrol(provider)


@pytest.fixture
def browser(provider: Provider, person: Enrolled) -> Browser:
    made = Browser(provider)
    made.login(person)
    return made


def factors(provider: Provider, person: Enrolled) -> list[Factor]:
    found: list[Factor] = provider.app.extensions["idp"].factors.of_person(person.person_id)
    return found


def sessions(provider: Provider, person: Enrolled) -> int:
    services = provider.app.extensions["idp"]
    return len(services.sessions.of_person(person.person_id, int(provider.clock().timestamp())))


@pytest.mark.parametrize("page", ["", "/factors", "/sessions", "/services", "/history"])
def test_nobody_sees_it_without_a_session(provider: Provider, page: str) -> None:
    stranger = Browser(provider)
    assert "Đăng nhập" in stranger.get(f"/account{page}").text
    assert stranger.path.startswith("/login/")


@pytest.mark.parametrize("page", ["", "/factors", "/sessions", "/services", "/history"])
def test_each_page_opens_in_both_languages(browser: Browser, page: str) -> None:
    assert browser.get(f"/account{page}").status_code == 200
    english = browser.get(f"/account{page}?lang=en")
    assert "My account" in english.text


def test_factors_ask_for_a_fresh_proof(provider: Provider, browser: Browser, person: Enrolled) -> None:
    provider.clock.pass_(minutes=11)
    page = browser.get("/account/factors")
    assert "Xác nhận lại là bạn" in page.text
    browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    page = browser.post(f"{browser.path}/totp", otp=person.otp(provider))
    assert browser.path == "/account/factors"
    assert sessions(provider, person) == 1


def test_an_old_session_changes_no_factor(provider: Provider, browser: Browser, person: Enrolled) -> None:
    browser.get("/account/factors")
    provider.clock.pass_(minutes=11)
    browser.post("/account/factors/password", new_password="con cò bay lả bay la")
    assert browser.path.startswith("/login/")
    assert Browser(provider).login(person).status_code == 200


def test_a_changed_password_ends_the_other_sessions(
    provider: Provider, browser: Browser, person: Enrolled
) -> None:
    provider.clock.pass_(seconds=31)
    other = Browser(provider)
    other.login(person)
    browser.get("/account/factors")
    page = browser.post("/account/factors/password", new_password="con cò bay lả bay la")
    assert "Đã đổi mật khẩu" in page.text
    assert sessions(provider, person) == 1
    other.get("/account")
    assert other.path.startswith("/login/")


def test_an_authenticator_app_is_added_once_it_was_proved(
    provider: Provider, browser: Browser, person: Enrolled
) -> None:
    page = browser.get("/account/factors")
    found = re.search(r'class="secret">(\w+)<', page.text)
    assert found
    assert browser.post("/account/factors/totp", otp="000000").status_code == 400
    second = Enrolled(person.person, totp_secret=found.group(1))
    page = browser.post("/account/factors/totp", otp=second.otp(provider))
    assert "Đã thêm ứng dụng xác thực." in page.text
    assert sum(factor.kind == "totp" for factor in factors(provider, person)) == 2


def test_the_last_safe_way_in_is_not_given_up(provider: Provider, browser: Browser, person: Enrolled) -> None:
    [totp] = [factor for factor in factors(provider, person) if factor.kind == "totp"]
    browser.get("/account/factors")
    for act in ("suspend", "remove"):
        page = browser.post("/account/factors/change", factor_id=totp.factor_id, act=act)
        assert page.status_code == 400
        assert "cách cuối cùng" in page.text
    assert totp in factors(provider, person)


def test_another_persons_factor_and_session_are_out_of_reach(
    provider: Provider, browser: Browser, person: Enrolled
) -> None:
    other = enrol(provider)
    Browser(provider).login(other)
    [totp] = [factor for factor in factors(provider, other) if factor.kind == "totp"]
    services = provider.app.extensions["idp"]
    [session] = services.sessions.of_person(other.person_id, int(provider.clock().timestamp()))
    browser.get("/account/factors")
    form = {"factor_id": totp.factor_id, "act": "remove"}
    assert browser.post("/account/factors/change", **form).status_code == 404
    browser.get("/account/factors")
    assert browser.post("/account/sessions/end", session_id=session.session_id).status_code == 404
    assert sessions(provider, other) == 1


def test_a_session_elsewhere_is_ended_from_here(
    provider: Provider, browser: Browser, person: Enrolled
) -> None:
    provider.clock.pass_(seconds=31)
    other = Browser(provider)
    other.login(person)
    page = browser.get("/account/sessions")
    ids = re.findall(r'name="session_id" value="([^"]+)"', page.text)
    assert len(ids) == 1
    browser.post("/account/sessions/end", session_id=ids[0])
    assert sessions(provider, person) == 1
    assert browser.get("/account").status_code == 200
    other.get("/account")
    assert other.path.startswith("/login/")


def test_this_was_not_me_throws_the_stranger_out(
    provider: Provider, browser: Browser, person: Enrolled
) -> None:
    """The stranger had password and telephone; the owner reports it from a session by recovery code."""
    provider.clock.pass_(seconds=31)
    stranger = Browser(provider)
    stranger.login(person)
    page = browser.get("/account/history")
    buttons = re.findall(r'name="event_id" value="(\d+)"', page.text)
    assert buttons
    page = browser.post("/account/history/disown", event_id=buttons[0])
    assert "Hãy đổi mật khẩu ngay" in page.text
    assert sessions(provider, person) == 1
    stranger.get("/account")
    assert stranger.path.startswith("/login/")


def test_an_old_session_suspends_nobodys_factor(
    provider: Provider, browser: Browser, person: Enrolled
) -> None:
    """A session that was stolen this morning disowns what its owner does."""
    provider.clock.pass_(minutes=11)
    owner = Browser(provider)
    owner.login(person)
    page = browser.get("/account/history")
    event, *_ = re.findall(r'name="event_id" value="(\d+)"', page.text)
    page = browser.post("/account/history/disown", event_id=event)
    assert "Xác nhận lại là bạn" in page.text
    assert {factor.state for factor in factors(provider, person)} == {"active"}
    # The other devices are out at once all the same: it may be the owner who is in a hurry.
    assert sessions(provider, person) == 1
    provider.clock.pass_(seconds=31)
    browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    page = browser.post(f"{browser.path}/totp", otp=person.otp(provider))
    assert browser.path == "/account/history"
    assert "Hãy bấm lại nút" in page.text
    assert "Hãy đổi mật khẩu ngay" in browser.post("/account/history/disown", event_id=event).text


def test_a_factor_that_a_stranger_added_is_suspended(
    provider: Provider, browser: Browser, person: Enrolled
) -> None:
    provider.clock.pass_(seconds=31)
    stranger = Browser(provider)
    stranger.login(person)
    page = stranger.get("/account/factors")
    found = re.search(r'class="secret">(\w+)<', page.text)
    assert found
    added = Enrolled(person.person, totp_secret=found.group(1))
    stranger.post("/account/factors/totp", otp=added.otp(provider))
    page = browser.get("/account/history")
    event, *_ = re.findall(
        r'Thêm phương thức xác thực.*?name="event_id" value="(\d+)"', page.text, flags=re.DOTALL
    )
    browser.post("/account/history/disown", event_id=event)
    states = {factor.state for factor in factors(provider, person) if factor.kind == "totp"}
    assert states == {"active", "suspended"}


def test_new_recovery_codes_are_shown_once(provider: Provider, browser: Browser, person: Enrolled) -> None:
    browser.get("/account/factors")
    page = browser.post("/account/factors/recovery")
    codes = re.findall(r"<li><code>([\w-]+)</code>", page.text)
    assert len(set(codes)) == 10
    assert not any(code in browser.get("/account/factors").text for code in codes)
