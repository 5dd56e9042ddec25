"""/logout and those who would abuse it; /logout while something is away."""

from pathlib import Path
from typing import Any

import pytest

from tests.idp.provider import Provider
from tests.idp.software_keys import SoftwareKeys
from tests.idp.web.logout_browser import BACK, Browser, asked, register_relying_parties


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Provider:
    return register_relying_parties(Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target))


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return Browser(provider)


# --- those who would abuse it


def test_a_link_on_another_site_logs_nobody_out(browser: Browser) -> None:
    """Logout CSRF: an image, a link, a form that posts by itself."""
    session = browser.log_in("rp")
    browser.get()
    browser.get(client_id="rp", post_logout_redirect_uri=BACK)
    browser.http.post("/logout", data={}, base_url="https://localhost")
    browser.http.post("/logout/confirm", data={}, base_url="https://localhost")
    assert browser.is_in(session)


def test_the_attackers_own_hint_does_not_log_another_out(browser: Browser, provider: Provider) -> None:
    attacker = Browser(provider).log_in("rp")
    session = browser.log_in("rp")
    answer = browser.get(id_token_hint=browser.hint(attacker), post_logout_redirect_uri=BACK)
    assert asked(answer)
    assert browser.is_in(session)
    # The hint's own session is not this browser's to end.
    assert browser.is_in(attacker)


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"iss": "https://sso.other.gov.vn"},
        {"aud": ["rp", "other"]},
        {"aud": []},
        {"aud": "unknown"},
        {"sub": None},
        {"sid": ""},
    ],
)
def test_a_token_that_is_not_this_clients_id_token_is_no_hint(
    browser: Browser, changes: dict[str, Any]
) -> None:
    session = browser.log_in("rp")
    answer = browser.get(id_token_hint=browser.hint(session, **changes), post_logout_redirect_uri=BACK)
    assert asked(answer)
    assert browser.is_in(session)


def test_a_hint_of_another_client_than_the_one_named_is_doubted(browser: Browser) -> None:
    session = browser.log_in("rp")
    hint = browser.hint(session, "other")
    assert asked(browser.get(id_token_hint=hint, client_id="rp", post_logout_redirect_uri=BACK))
    assert asked(browser.get(id_token_hint=hint, post_logout_redirect_uri=BACK))
    assert browser.is_in(session)


def test_a_repeated_parameter_is_not_understood(browser: Browser) -> None:
    session = browser.log_in("rp")
    hint = browser.hint(session)
    url = f"/logout?id_token_hint={hint}&post_logout_redirect_uri={BACK}&post_logout_redirect_uri={BACK}"
    assert asked(browser.http.get(url, base_url="https://localhost"))
    assert browser.is_in(session)


def test_without_a_session_nobody_is_sent_on_without_a_hint(browser: Browser) -> None:
    """No open redirector for links that only look like ours."""
    answer = browser.get(client_id="rp", post_logout_redirect_uri=BACK)
    done = browser.follow(answer)
    assert BACK not in done.text


def test_a_state_cannot_break_out_of_the_url(browser: Browser) -> None:
    session = browser.log_in("rp")
    answer = browser.get(
        id_token_hint=browser.hint(session), post_logout_redirect_uri=BACK, state="x\r\nSet-Cookie: a=b"
    )
    assert answer.location == f"{BACK}?state=x%0D%0ASet-Cookie%3A+a%3Db"
    assert "a=b" not in str(answer.headers.getlist("Set-Cookie"))


# --- when something is away


def test_nobody_is_told_to_be_out_while_the_database_is_away(browser: Browser) -> None:
    session = browser.log_in("rp")
    hint = browser.hint(session)
    with browser.services.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE logout_delivery RENAME TO gone")
        connection.exec_driver_sql("ALTER TABLE evidence RENAME TO evidence_gone")
    answer = browser.get(id_token_hint=hint, post_logout_redirect_uri=BACK)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Chưa đăng xuất được" in answer.text
    with browser.services.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO logout_delivery")
        connection.exec_driver_sql("ALTER TABLE evidence_gone RENAME TO evidence")
    assert browser.is_in(session)
    assert browser.get(id_token_hint=hint, post_logout_redirect_uri=BACK).location == BACK


def test_a_person_logs_out_while_the_key_process_has_never_answered(
    tmp_path: Path, redis_url: str, own_keys: SoftwareKeys
) -> None:
    provider = Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target)
    own_keys.failure = "TokenUnavailable"
    browser = Browser(provider)
    session = browser.log_in()
    answer = browser.get(id_token_hint="eyJraWQiOiJlcy0xIn0.e30.AAAA", post_logout_redirect_uri=BACK)
    assert asked(answer)
    browser.confirm(answer)
    assert not browser.is_in(session)


def test_logging_out_needs_no_redis(tmp_path: Path, shared_keys: SoftwareKeys) -> None:
    provider = Provider(tmp_path, redis_url="redis://127.0.0.1:1/0", key_process=shared_keys.target)
    browser = Browser(provider)
    session = browser.log_in()
    answer = browser.http.post("/logout", data={"state": "x"}, base_url="https://localhost")
    assert asked(answer)
    browser.confirm(answer)
    assert not browser.is_in(session)


def test_a_stale_confirmation_asks_again(browser: Browser) -> None:
    session = browser.log_in("rp")
    answer = browser.http.post("/logout/confirm", data={"csrf_token": "old"}, base_url="https://localhost")
    assert answer.status_code == 400
    assert 'href="/logout"' in answer.text
    assert browser.is_in(session)
