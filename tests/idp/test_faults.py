"""What goes on and what stops while Redis, the database or the right time are away."""

from pathlib import Path

import pytest
from sqlalchemy import text

from idp.directory.person import OFFICIAL, Person
from idp.services import Services
from tests.idp.provider import ISSUER, Provider
from tests.idp.software_keys import SoftwareKeys

LAN = Person("5f0c6a1e-0000-4000-8000-000000000001", OFFICIAL, "active", "lan", {"name": "Nguyễn Thị Lan"})
NO_REDIS = "redis://127.0.0.1:1/0"


def services_of(provider: Provider) -> Services:
    found: Services = provider.app.extensions["idp"]
    return found


def log_in(provider: Provider) -> str:
    _, cookie = services_of(provider).sessions.start(
        LAN, acr="LoA2", amr=("pwd", "otp"), upstream="", identity_level="02", device="", address="",
        kiosk=False, now=int(provider.clock().timestamp()),
    )  # fmt: skip
    return cookie


def test_without_redis_nothing_single_use_is_accepted_and_the_rest_goes_on(
    tmp_path: Path, shared_keys: SoftwareKeys
) -> None:
    provider = Provider(tmp_path, redis_url=NO_REDIS, key_process=shared_keys.target)
    system = provider.register()
    # An assertion's jti cannot be spent, so it proves nothing.
    answer = provider.token(system)
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"]
    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"):
        assert provider.client.get(path).status_code == 200
    # Sessions are SQL: whoever is logged in stays so, and can log out.
    cookie = log_in(provider)
    now = int(provider.clock().timestamp())
    session = services_of(provider).sessions.find(cookie, now)
    assert session
    browser = provider.app.test_client()
    browser.set_cookie("__Host-sid", cookie, secure=True, domain="localhost")
    assert "logout-confirm" in browser.get("/logout", base_url="https://localhost").text
    assert services_of(provider).end_session(session.session_id, reason="logout", now=now)
    assert services_of(provider).sessions.find(cookie, now) is None
    assert provider.client.get("/readyz").json["redis"] == "unavailable"


def test_without_the_database_nobody_is_logged_in_and_nobody_is_logged_out(
    provider: Provider,
) -> None:
    cookie = log_in(provider)
    browser = provider.app.test_client()
    browser.set_cookie("__Host-sid", cookie, secure=True, domain="localhost")
    with provider.database.writing() as connection:
        connection.execute(text("ALTER TABLE session RENAME TO gone"))
    answer = browser.get("/logout", base_url="https://localhost")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    # Not a word that the person is out, and the cookie stays.
    assert "Set-Cookie" not in answer.headers or "sid=;" not in answer.headers["Set-Cookie"]
    for path in ("/.well-known/openid-configuration", "/jwks"):
        assert provider.client.get(path).status_code == 200
    with provider.database.writing() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO session"))
    assert browser.get("/logout", base_url="https://localhost").status_code == 200


def test_a_database_that_is_locked_costs_an_answer_and_not_the_service(provider: Provider) -> None:
    """SQLite's one writer holds on for longer than anybody waits."""
    cookie = log_in(provider)
    found = services_of(provider)
    now = int(provider.clock().timestamp())
    with provider.database.writing() as connection:
        connection.execute(text("UPDATE session SET device = 'x'"))
        # Readers do not wait for it.
        assert found.sessions.find(cookie, now)
    assert found.sessions.find(cookie, now)


@pytest.mark.parametrize(("skew", "status"), [(-10, 200), (10, 200), (60, 401), (-120, 401)])
def test_a_clock_ten_seconds_off_is_accepted_and_one_a_minute_off_refused(
    provider: Provider, skew: int, status: int
) -> None:
    system = provider.register()
    now = int(provider.clock().timestamp()) + skew
    answer = provider.token(system, system.assertion(iat=now, nbf=now, exp=now + 60))
    assert answer.status_code == status


def test_a_logout_hint_from_a_clock_ahead_is_still_a_hint(provider: Provider) -> None:
    cookie = log_in(provider)
    found = services_of(provider)
    now = int(provider.clock().timestamp())
    session = found.sessions.find(cookie, now)
    assert session
    provider.register("rp")
    claims = {
        "iss": ISSUER,
        "sub": "x",
        "aud": "rp",
        "sid": session.session_id,
        "iat": now + 60,
        "exp": now - 1,
    }
    hint = found.token_keys.sign("ES256", claims, typ="JWT")
    browser = provider.app.test_client()
    browser.set_cookie("__Host-sid", cookie, secure=True, domain="localhost")
    browser.get("/logout", query_string={"id_token_hint": hint}, base_url="https://localhost")
    assert found.sessions.has_ended(session.session_id, now)
