"""Logging in over the pages: password, one-time password, recovery code, and what is refused."""

import re
from pathlib import Path

import pytest

from idp.directory.person import Mandate
from tests.idp.people import PASSWORD, Browser, enrol
from tests.idp.provider import Provider
from tests.idp.software_keys import SoftwareKeys
from tests.servers.redis import RunningRedis


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return Browser(provider)


def events(provider: Provider, person_id: str = "") -> list[str]:
    services = provider.app.extensions["idp"]
    services.evidence.flush()
    with provider.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT name, person_id FROM evidence ORDER BY event_id").all()
    return [name for name, who in rows if not person_id or who == person_id]


def test_an_official_logs_in_by_password_and_one_time_password(provider: Provider, browser: Browser) -> None:
    person = enrol(provider)
    page = browser.login(person)
    assert browser.path == "/account"
    assert person.person.name in page.text
    services = provider.app.extensions["idp"]
    [session] = services.sessions.of_person(person.person_id, int(provider.clock().timestamp()))
    assert (session.acr, session.amr) == ("LoA2", ("mfa", "otp", "pwd"))


def test_a_login_and_a_step_up_are_each_on_the_record_once(provider: Provider, browser: Browser) -> None:
    """What the person reads in their history, and what anybody counts, is what happened."""
    person = enrol(provider)
    browser.login(person)
    ends = ("login.succeeded", "session.started", "session.stepped_up")
    said = [each for each in events(provider, person.person_id) if each in ends]
    assert said == ["login.succeeded", "session.started"]
    provider.clock.pass_(minutes=20)
    browser.get("/account/factors")
    browser.post(f"{browser.path}/password", username=person.username, password=person.password)
    browser.post(f"{browser.path}/totp", otp=person.otp(provider))
    assert browser.path == "/account/factors"
    said = [each for each in events(provider, person.person_id) if each in ends]
    assert said == ["login.succeeded", "session.started", "login.succeeded", "session.stepped_up"]


def test_a_password_alone_opens_nothing(provider: Provider, browser: Browser) -> None:
    person = enrol(provider)
    browser.get("/account")
    page = browser.post(f"{browser.path}/password", username=person.username, password=person.password)
    assert 'name="otp"' in page.text
    assert browser.get("/account").request.path.startswith("/login/")


def test_an_unknown_account_and_a_wrong_password_get_the_same_page(provider: Provider) -> None:
    person = enrol(provider)
    pages = []
    for username, password in (
        (person.username, "sai mật khẩu rồi nhé"),
        ("khong.co.ai", "sai mật khẩu rồi nhé"),
    ):
        browser = Browser(provider)
        browser.get("/account")
        page = browser.post(f"{browser.path}/password", username=username, password=password)
        assert page.status_code == 400
        text = page.text.replace(username, "NAME").replace(browser.path, "PATH")
        text = re.sub(r'csrf_token" value="[^"]+"', "", re.sub(r"Mã tra cứu: \w+", "", text))
        pages.append(text)
    assert pages[0] == pages[1]
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in pages[0]


def test_a_suspended_person_cannot_log_in(provider: Provider, browser: Browser) -> None:
    person = enrol(provider)
    provider.app.extensions["idp"].people.change_state(person.person_id, "suspended", 1)
    browser.get("/account")
    page = browser.post(f"{browser.path}/password", username=person.username, password=person.password)
    assert page.status_code == 400


def test_a_one_time_password_is_good_once(provider: Provider) -> None:
    person = enrol(provider)
    Browser(provider).login(person)
    second = Browser(provider)
    page = second.login(person)
    assert page.status_code == 400
    assert "Mã xác thực không đúng" in page.text
    provider.clock.pass_(seconds=31)
    assert Browser(provider).login(person).status_code == 200


def test_a_recovery_code_replaces_the_telephone_once(provider: Provider) -> None:
    person = enrol(provider)
    services = provider.app.extensions["idp"]
    codes = services.login.one_time_passwords.new_recovery_codes(person.person_id, 1)
    for expected in (200, 400):
        browser = Browser(provider)
        browser.get("/account")
        browser.post(f"{browser.path}/password", username=person.username, password=person.password)
        page = browser.post(f"{browser.path}/recovery", otp=codes[0].upper().replace("-", " "))
        assert page.status_code == expected


def test_a_first_factor_of_another_browser_is_worth_nothing(provider: Provider, browser: Browser) -> None:
    """Whoever knows a journey's address has no part in what was proved in it."""
    person = enrol(provider)
    browser.get("/account")
    browser.post(f"{browser.path}/password", username=person.username, password=person.password)
    thief = Browser(provider)
    thief.get("/account")
    answer = thief.client.post(
        f"{browser.path}/totp",
        base_url=thief.base,
        data={"csrf_token": "x", "otp": person.otp(provider)},
    )
    assert answer.status_code == 400
    thief.client.set_cookie(f"__Host-j-{browser.path[7:15]}", "x" * 43, domain="sso.example.gov.vn")
    assert thief.get(browser.path).request.path != browser.path


def test_the_first_login_ends_the_password_that_was_handed_over(provider: Provider, browser: Browser) -> None:
    person = enrol(provider, initial=True, totp=False)
    browser.get("/account")
    page = browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    assert "Đăng nhập lần đầu" in page.text
    found = re.search(r'class="secret">(\w+)<', page.text)
    assert found
    person.totp_secret = found.group(1)
    # What is refused leaves everything as it was.
    page = browser.post(f"{browser.path}/enrol", new_password="matkhau@123456", otp=person.otp(provider))
    assert page.status_code == 400
    assert "quá dễ đoán" in page.text
    chosen = "con cò bay lả bay la"
    page = browser.post(f"{browser.path}/enrol", new_password=chosen, otp="000000")
    assert page.status_code == 400
    page = browser.post(f"{browser.path}/enrol", new_password=chosen, otp=person.otp(provider))
    assert page.text.count("<li><code>") == 10
    page = browser.post(f"{browser.path}/continue")
    assert browser.path == "/account"

    again = Browser(provider)
    provider.clock.pass_(seconds=31)
    again.get("/account")
    again.post(f"{again.path}/password", username=person.username, password=PASSWORD)
    assert again.page is not None
    assert again.page.status_code == 400
    person.password = chosen
    assert again.login(person).status_code == 200


def test_who_learns_a_lasting_password_enrols_no_factor_with_it(provider: Provider, browser: Browser) -> None:
    person = enrol(provider, totp=False)
    browser.get("/account")
    page = browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    assert "Cần thêm một cách xác thực" in page.text
    page = browser.post(f"{browser.path}/enrol", new_password="con cò bay lả bay la", otp="123456")
    assert page.status_code == 400


def test_a_login_changes_the_session_cookie(provider: Provider, browser: Browser) -> None:
    """Session fixation: a cookie that somebody planted opens nothing."""
    person = enrol(provider)
    browser.client.set_cookie("__Host-sid", "planted", domain="sso.example.gov.vn")
    browser.login(person)
    cookie = browser.client.get_cookie("__Host-sid", domain="sso.example.gov.vn")
    assert cookie is not None
    assert cookie.value != "planted"


def test_a_form_without_its_token_does_nothing_and_says_so(provider: Provider, browser: Browser) -> None:
    browser.get("/account")
    answer = browser.client.post(
        f"{browser.path}/password", base_url=browser.base, data={"username": "x", "password": "y"}
    )
    assert answer.status_code == 400
    assert "Trang này đã cũ" in answer.text


def test_guessing_is_paused_and_the_owner_still_gets_in(provider: Provider) -> None:
    person = enrol(provider)
    own = Browser(provider)
    own.login(person)
    attacker = Browser(provider)
    attacker.get("/account")
    statuses = [
        attacker.post(
            f"{attacker.path}/password", username=person.username, password=f"đoán mò lần {n}"
        ).status_code
        for n in range(7)
    ]
    assert statuses == [400] * 5 + [429] * 2
    assert attacker.page is not None
    assert int(attacker.page.headers["Retry-After"]) > 0
    own.client.delete_cookie("__Host-sid", domain="sso.example.gov.vn")
    provider.clock.pass_(seconds=31)
    assert own.login(person).status_code == 200
    assert {"login.failed", "login.throttled"} <= set(events(provider))


def test_beyond_what_can_be_hashed_a_page_says_when_to_come_back_and_nothing_counts_as_a_guess(
    provider: Provider, browser: Browser
) -> None:
    person = enrol(provider)
    hashing = provider.app.extensions["idp"].login.hashing
    places = 0
    while hashing._room.acquire(blocking=False):
        places += 1
    pages = []
    for username in (person.username, "khong.co.ai"):
        waiting = Browser(provider)
        waiting.get("/account")
        for _ in range(6):  # more than may be guessed
            page = waiting.post(f"{waiting.path}/password", username=username, password=PASSWORD)
            assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
        assert "không tính là thử sai" in page.text
        text = page.text.replace(username, "NAME").replace(waiting.path, "PATH")
        pages.append(re.sub(r'csrf_token" value="[^"]+"', "", re.sub(r"Mã tra cứu: \w+", "", text)))
    assert pages[0] == pages[1]
    browser.get("/account")
    browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    for _ in range(places):
        hashing._room.release()
    page = browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD)
    assert 'name="otp"' in page.text  # the same journey goes on


def test_a_shared_computer_gets_a_short_session_and_is_not_remembered(
    provider: Provider, browser: Browser
) -> None:
    person = enrol(provider)
    browser.get("/account")
    browser.post(f"{browser.path}/password", username=person.username, password=PASSWORD, kiosk="yes")
    browser.post(f"{browser.path}/totp", otp=person.otp(provider))
    assert browser.client.get_cookie("__Host-device", domain="sso.example.gov.vn") is None
    [session] = provider.app.extensions["idp"].sessions.of_person(
        person.person_id, int(provider.clock().timestamp())
    )
    assert session.kiosk
    assert session.expires_at - session.started_at == provider.settings.kiosk_seconds


def test_a_registered_counter_is_always_a_shared_computer(provider: Provider, browser: Browser) -> None:
    browser.get("/kiosk")
    browser.post("/kiosk", registered="yes")
    person = enrol(provider)
    browser.login(person)
    [session] = provider.app.extensions["idp"].sessions.of_person(
        person.person_id, int(provider.clock().timestamp())
    )
    assert session.kiosk
    browser.get("/kiosk")
    assert "Bỏ ghi máy dùng chung" in browser.post("/kiosk", registered="yes").text


def test_english_is_one_click_away(provider: Provider, browser: Browser) -> None:
    browser.get("/account")
    page = browser.get(f"{browser.path}?lang=en")
    assert "Sign in" in page.text
    assert "Đăng nhập" not in page.text


def test_a_mandate_is_a_thing_of_its_person_and_its_time(provider: Provider) -> None:
    now = int(provider.clock().timestamp())
    valid = Mandate("m-1", "enterprise", "4000000001", "Công ty MẪU", ("all",), now - 1, now + 60)
    ended = Mandate("m-2", "enterprise", "4000000002", "Công ty CŨ", ("all",), now - 9, now - 1)
    person = enrol(provider, mandates=(valid, ended))
    assert [each.mandate_id for each in person.person.mandates if each.is_valid(now)] == ["m-1"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_without_redis_nobody_guesses_and_a_page_says_when_to_come_back(
    own_redis: RunningRedis, tmp_path: Path, shared_keys: SoftwareKeys, language: str
) -> None:
    provider = Provider(tmp_path, redis_url=own_redis.url, key_process=shared_keys.target)
    browser = Browser(provider)
    browser.get("/account")
    own_redis.stop()
    page = browser.post(f"{browser.path}/password?lang={language}", username="a", password="b")
    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert {"vi": "Hệ thống đang bận", "en": "busy"}[language] in page.text
