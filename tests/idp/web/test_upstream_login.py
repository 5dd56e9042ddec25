"""Citizens log in through the national systems; and everything that can be wrong with their answers."""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import redis
from sqlalchemy import select, update

from idp.directory.person import Person
from idp.store.people_tables import upstream_account
from idp.store.session_tables import session
from tests.idp.people import Browser, enrol
from tests.idp.provider import Provider
from tests.idp.software_keys import SoftwareKeys
from tests.servers.upstreams import RunningUpstreams

LAN, LAN_NAME = "099185000001", "Nguyễn Thị Lan MẪU"


@pytest.fixture
def provider(
    tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys, upstreams: RunningUpstreams
) -> Provider:
    """At wall time, as the simulators are."""
    made = Provider(
        tmp_path, redis_url=redis_url, key_process=shared_keys.target, upstreams_file=upstreams.file
    )
    made.clock.now = datetime.now(UTC)
    with redis.Redis.from_url(redis_url) as client:
        for name in ("npsp", "vneid"):
            client.delete(f"idp:upstream:{name}:down", f"idp:upstream:{name}:up")
    return made


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return Browser(provider)


def through(browser: Browser, system: str, person: str = "lan") -> str:
    """To the upstream and to its answer: the callback's address, not yet opened."""
    browser.get("/account")
    answer = browser.post(f"{browser.path}/upstream/{system}")
    location = answer.headers["Location"]
    sent = httpx.post(location, data={"person": person}, timeout=15)
    assert sent.status_code == 303, sent.text
    return local(sent.headers["Location"])


def local(location: str) -> str:
    parts = urlsplit(location)
    return f"{parts.path}?{parts.query}"


def citizen(provider: Provider, number: str = LAN) -> Person | None:
    found: Person | None = provider.app.extensions["idp"].people.find_by_personal_number(number)
    return found


@pytest.mark.parametrize("system", ["npsp", "vneid"])
def test_a_citizen_logs_in_and_is_known_from_then_on(
    provider: Provider, browser: Browser, system: str
) -> None:
    page = browser.get(through(browser, system))
    assert browser.path == "/account"
    assert LAN_NAME in page.text
    person = citizen(provider)
    assert person is not None
    assert (person.kind, person.identity_level, person.claims["birthdate"]) == ("citizen", "02", "1985-02-01")
    again = Browser(provider)
    again.get(through(again, "npsp" if system == "vneid" else "vneid"))
    found = citizen(provider)
    assert found is not None
    assert found.person_id == person.person_id
    sessions = provider.app.extensions["idp"].sessions.of_person(
        person.person_id, int(provider.clock().timestamp())
    )
    assert {(each.acr, each.identity_level, each.upstream) for each in sessions} == {
        ("LoA1", "02", "npsp"),
        ("LoA1", "02", "vneid"),
    }


def test_the_level_of_the_account_is_not_the_level_of_the_login(provider: Provider, browser: Browser) -> None:
    browser.get(through(browser, "npsp", "hung"))
    person = citizen(provider, "099090000002")
    assert person is not None
    assert person.identity_level == "01"


def test_an_enterprises_login_acts_for_the_enterprise(provider: Provider, browser: Browser) -> None:
    browser.get(through(browser, "npsp", "cong-ty"))
    person = citizen(provider, "099188000003")
    assert person is not None
    [mandate] = person.mandates
    assert (mandate.kind, mandate.represented) == ("enterprise", "4000000001")
    [session] = provider.app.extensions["idp"].sessions.of_person(
        person.person_id, int(provider.clock().timestamp())
    )
    assert session.mandate_id == mandate.mandate_id


def test_an_official_who_comes_that_way_is_asked_for_a_factor_of_their_own(
    provider: Provider, browser: Browser
) -> None:
    """Whoever has taken over the upstream has not taken over the officials."""
    official = enrol(provider, number=LAN, name=LAN_NAME)
    page = browser.get(through(browser, "npsp"))
    assert 'name="otp"' in page.text
    browser.post(f"{browser.path}/totp", otp=official.otp(provider))
    assert browser.path == "/account"
    without = enrol(provider, number="099188000003", totp=False, password=False)
    other = Browser(provider)
    page = other.get(through(other, "npsp", "cong-ty"))
    assert "Cần thêm một cách xác thực" in page.text
    assert without.person.state == "active"


def test_an_account_of_level_01_opens_no_officials_entry(provider: Provider, browser: Browser) -> None:
    """Whoever opens one from a telephone, with another's number, gets neither in nor linked."""
    official = enrol(provider, number="099090000002")
    page = browser.get(through(browser, "npsp", "hung"))
    assert page.status_code == 400
    assert "mức độ 01 không dùng được" in page.text
    assert 'name="otp"' not in page.text
    with provider.database.reading() as connection:
        linked = connection.execute(
            select(upstream_account.c.person_id).where(upstream_account.c.person_id == official.person_id)
        )
        assert linked.first() is None


INVALID = "không hợp lệ nên không được chấp nhận"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("wrong_nonce", INVALID),
        ("wrong_issuer", INVALID),
        ("wrong_audience", INVALID),
        ("expired", INVALID),
        ("foreign_key", INVALID),
        ("alg_none", INVALID),
        ("other_iss", INVALID),
        ("other_sub", INVALID),
        ("bad_number", INVALID),
        ("not_json", INVALID),
        ("no_number", "không cho biết số định danh"),
        ("denied", "đã bị hủy hoặc bị từ chối"),
        ("token_500", "đang gián đoạn"),
        ("userinfo_500", "đang gián đoạn"),
    ],
)
def test_an_answer_that_cannot_be_believed_logs_nobody_in_and_strands_nobody(
    provider: Provider, browser: Browser, upstreams: RunningUpstreams, fault: str, said: str
) -> None:
    browser.get("/account")
    journey = browser.path
    answer = browser.post(f"{journey}/upstream/npsp")
    upstreams.misbehave(fault)
    sent = httpx.post(answer.headers["Location"], data={"person": "lan"}, timeout=15)
    page = browser.get(local(sent.headers["Location"]))
    assert page.status_code in (400, 503)
    assert said in page.text
    # The same page offers the other ways, and a second try.
    assert f'action="{journey}/password"' in page.text
    assert browser.client.get_cookie("__Host-sid", domain="sso.example.gov.vn") is None
    assert citizen(provider) is None


def test_a_nonce_that_is_missing_is_taken_from_an_upstream_known_for_it(
    provider: Provider, browser: Browser, upstreams: RunningUpstreams
) -> None:
    upstreams.misbehave("no_nonce")
    browser.get(through(browser, "npsp"))
    assert browser.path == "/account"


@pytest.mark.parametrize("fault", ["wrong_state", "no_state"])
def test_an_answer_without_our_state_belongs_to_nobody(
    provider: Provider, browser: Browser, upstreams: RunningUpstreams, fault: str
) -> None:
    upstreams.misbehave(fault)
    page = browser.get(through(browser, "npsp"))
    assert page.status_code == 400
    assert "đã hết hạn" in page.text
    assert citizen(provider) is None


def test_another_browsers_answer_is_refused(provider: Provider, browser: Browser) -> None:
    """Login CSRF: a victim is made to open an attacker's answer, to act in the attacker's account."""
    answer = through(browser, "npsp")
    victim = Browser(provider)
    victim.get("/account")
    assert victim.get(answer).status_code == 400
    # It was spent by the attempt.
    assert browser.get(answer).status_code == 400


def test_an_answer_is_good_once_and_at_its_own_upstream(provider: Provider, browser: Browser) -> None:
    answer = through(browser, "npsp")
    assert browser.get(answer).status_code == 200
    assert browser.get(answer).status_code == 400
    other = Browser(provider)
    assert other.get(through(other, "npsp").replace("/npsp", "/vneid")).status_code == 400


def test_a_repeated_parameter_is_refused(provider: Provider, browser: Browser) -> None:
    answer = through(browser, "npsp")
    assert browser.get(f"{answer}&code=other").status_code == 400


def test_an_account_of_the_upstream_is_for_ever_one_persons(provider: Provider, browser: Browser) -> None:
    """The number moved to another account there: nobody is taken over by it."""
    browser.get(through(browser, "npsp"))
    services = provider.app.extensions["idp"]
    person = citizen(provider)
    assert person is not None
    now = int(provider.clock().timestamp())
    services.people.save(replace(person, personal_number="099185000009"), now)
    other = Browser(provider)
    page = other.get(through(other, "npsp"))
    assert "đang gắn với người khác" in page.text


def test_an_upstream_that_is_down_is_told_within_seconds(
    provider: Provider, browser: Browser, upstreams: RunningUpstreams
) -> None:
    upstreams.misbehave("down")
    browser.get("/account")
    journey = browser.path
    page = browser.post(f"{journey}/upstream/npsp")
    assert page.status_code == 503
    assert "đang gián đoạn" in page.text
    # The banner stands, the other upstream and the officials' ways stay.
    page = browser.get(journey)
    assert "upstream-npsp" not in page.text
    assert "upstream-vneid" in page.text
    assert "login-submit" in page.text


def test_the_token_of_an_upstream_is_in_no_log(
    provider: Provider, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    """VNeID wants it in an address."""
    caplog.set_level(logging.DEBUG)
    browser.get(through(browser, "vneid"))
    assert browser.path == "/account"
    assert "token_id" not in caplog.text
    assert "token_id" not in provider.log.getvalue().decode()


def anew(browser: Browser, provider: Provider, system: str = "npsp") -> str:
    """The login is half an hour old, so my account asks again; the address that the upstream is sent."""
    with provider.database.writing() as connection:
        connection.execute(update(session).values(auth_time=session.c.auth_time - 1800))
    browser.get("/account/factors")
    answer = browser.post(f"{browser.path}/upstream/{system}")
    return str(answer.headers["Location"])


@pytest.mark.parametrize("fault", ["old_login", "no_auth_time"])
def test_a_session_that_was_left_at_the_upstream_proves_nothing_anew(
    provider: Provider, browser: Browser, upstreams: RunningUpstreams, fault: str
) -> None:
    """Whoever comes to an open browser would get through it by two clicks, and add a passkey of their own."""
    services = provider.app.extensions["idp"]
    strict = replace(services.login.upstreams.profiles["npsp"], auth_time="required")
    services.login.upstreams.profiles["npsp"] = strict
    browser.get(through(browser, "npsp"))
    person = citizen(provider)
    assert person is not None
    location = anew(browser, provider)
    [before] = services.sessions.of_person(person.person_id, int(provider.clock().timestamp()))
    asked = dict(parse_qsl(urlsplit(location).query))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    upstreams.misbehave(fault)
    sent = httpx.post(location, data={"person": "lan"}, timeout=15)
    page = browser.get(local(sent.headers["Location"]))
    assert page.status_code == 400
    assert "chưa yêu cầu bạn xác thực lại" in page.text
    [after] = services.sessions.of_person(person.person_id, int(provider.clock().timestamp()))
    assert after.auth_time == before.auth_time


def test_a_first_login_takes_the_session_that_is_there(
    provider: Provider, browser: Browser, upstreams: RunningUpstreams
) -> None:
    """That is what single sign-on is for."""
    upstreams.misbehave("old_login")
    browser.get(through(browser, "npsp"))
    assert browser.path == "/account"


@pytest.mark.parametrize("fault", ["", "no_auth_time"])
def test_who_proves_it_anew_goes_on(
    provider: Provider, browser: Browser, upstreams: RunningUpstreams, fault: str
) -> None:
    """An upstream that is known to say no auth_time is believed to have done what it was asked."""
    browser.get(through(browser, "npsp"))
    upstreams.misbehave(fault)
    location = anew(browser, provider)
    sent = httpx.post(location, data={"person": "lan"}, timeout=15)
    browser.get(local(sent.headers["Location"]))
    assert browser.path == "/account/factors"


@pytest.mark.parametrize("kiosk", ["", "yes"])
def test_the_logout_page_leads_to_the_upstreams_own(
    provider: Provider, browser: Browser, upstreams: RunningUpstreams, kiosk: str
) -> None:
    browser.get("/account")
    answer = browser.post(f"{browser.path}/upstream/npsp", kiosk=kiosk)
    sent = httpx.post(answer.headers["Location"], data={"person": "lan"}, timeout=15)
    browser.get(local(sent.headers["Location"]))
    browser.get("/logout")
    page = browser.post("/logout/confirm")
    found = re.search(r'class="btn btn-primary upstream-logout" href="([^"]+)"', page.text)
    assert found, page.text
    there = httpx.get(unescape(found.group(1)), timeout=15)
    assert there.headers["Location"] == f"{provider.settings.issuer}/logout/done"
