"""Single sign-on at the desk, by the real provider: login, tokens on the server, logout from both sides."""

import base64
import json
import re
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import redis
from desk.web.person import access_token
from flask import session

from idp.logout.end_session import LOGOUT
from tests.clients.desk.conftest import RESOURCE, House, form_token


def test_a_person_logs_in_and_is_greeted_by_name(house: House, http: httpx.Client) -> None:
    assert "/login" in http.get("/").text
    page = house.log_in(house.person(name="Lê Thị Hoa MẪU"), http)
    assert page.status_code == 303
    assert "Lê Thị Hoa MẪU" in http.get(page.headers["Location"]).text


def test_the_browser_carries_no_token_and_no_personal_request(house: House, http: httpx.Client) -> None:
    begun = http.get("/login")
    query = parse_qs(urlsplit(begun.headers["Location"]).query)
    assert set(query) == {"client_id", "request_uri"}
    house.log_in(house.person(), http)
    assert [cookie.name for cookie in http.cookies.jar] == ["desk"]
    assert len(http.cookies["desk"]) == 43


def test_who_reads_redis_finds_neither_token_nor_name(
    house: House, http: httpx.Client, redis_url: str
) -> None:
    house.log_in(house.person(name="Không Ai Đọc Được MẪU"), http)
    with redis.Redis.from_url(redis_url) as connection:
        rows = {key: connection.get(key) for key in connection.scan_iter("desk:session:*")}
    assert rows
    written = b"".join(key + (value or b"") for key, value in rows.items())
    for word in (b"access_token", b"Kh\xc3\xb4ng Ai", b"eyJ", http.cookies["desk"].encode()):
        assert word not in written


def test_the_cookie_changes_at_login(house: House, http: httpx.Client) -> None:
    """A cookie that somebody planted before opens nothing afterwards."""
    http.get("/login")
    planted = http.cookies["desk"]
    house.log_in(house.person(), http)
    assert http.cookies["desk"] != planted
    with house.desk.browser() as other:
        other.cookies.set("desk", planted)
        assert "Đăng xuất" not in other.get("/").text


def test_another_browsers_answer_logs_nobody_in(house: House, http: httpx.Client) -> None:
    """Login CSRF: the attacker's own code, put under the victim's browser."""
    begun = http.get("/login")
    back = house.provider.log_in(begun.headers["Location"], house.person())
    with house.desk.browser() as victim:
        victim.get("/login")
        refused = victim.get(back)
        assert refused.status_code == 400
        assert "Đăng xuất" not in victim.get("/").text


def test_an_answer_of_another_issuer_is_refused(house: House, http: httpx.Client) -> None:
    begun = http.get("/login")
    back = house.provider.log_in(begun.headers["Location"], house.person())
    issuer = re.search(r"iss=[^&]+", back)
    assert issuer
    assert http.get(back.replace(issuer.group(), "iss=https%3A%2F%2Fevil.example")).status_code == 400


def test_a_code_is_redeemed_once(house: House, http: httpx.Client) -> None:
    begun = http.get("/login")
    back = house.provider.log_in(begun.headers["Location"], house.person())
    assert http.get(back).headers["Location"] == "/"
    # Again, as by the back button: nothing happens.
    assert http.get(back).headers["Location"] == "/"


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_after_a_login_nobody_is_sent_elsewhere(house: House, http: httpx.Client, path: str) -> None:
    assert house.log_in(house.person(), http, at=path).headers["Location"] == "/"


def test_who_stops_the_login_is_told_so(house: House, http: httpx.Client) -> None:
    begun = http.get("/login")
    state = _state_under_way(house, http)
    refused = http.get(
        "/callback", params={"error": "access_denied", "state": state, "iss": house.provider.issuer}
    )
    assert begun.status_code == 303
    assert refused.status_code == 403
    assert "Đăng nhập lại" in refused.text


def test_logging_out_needs_the_form_token(house: House, http: httpx.Client) -> None:
    house.log_in(house.person(), http)
    assert http.post("/logout").status_code == 400
    assert "Đăng xuất" in http.get("/").text


def test_logging_out_ends_the_session_here_and_at_the_provider(house: House, http: httpx.Client) -> None:
    browser = house.provider.browser()
    person = house.person()
    house.log_in(person, http, browser=browser)
    cookie = http.cookies["desk"]
    left = http.post("/logout", data={"csrf_token": form_token(http.get("/"))})
    assert left.status_code == 200
    with house.desk.browser() as thief:
        thief.cookies.set("desk", cookie)
        assert "Đăng xuất" not in thief.get("/").text
    # What the page's form posts; the token is in no address.
    fields = dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', left.text))
    action = re.search(r'action="([^"]+)"', left.text.partition("logout-everywhere")[2])
    assert action
    assert "?" not in action.group(1)
    ended = browser._http.post(action.group(1), data=fields, follow_redirects=False)
    assert ended.headers["Location"].startswith(house.desk.settings.logged_out_uri)
    again = house.desk.browser()
    with again:
        login = browser.open(again.get("/login").headers["Location"])
        assert not isinstance(login, str), "the provider still knows the person"
    browser.close()


def test_a_logout_at_the_provider_ends_the_desks_session(house: House, http: httpx.Client) -> None:
    """By its worker, over HTTP, with a logout token that the desk checks."""
    person = house.person()
    house.log_in(person, http)
    assert "Đăng xuất" in http.get("/").text
    services, now = house.provider.services, int(time.time())
    for each in services.sessions.of_person(person.person_id, now):
        services.end_session(each.session_id, reason=LOGOUT, now=now)
    until = time.monotonic() + 60
    while "Đăng xuất" in http.get("/").text:
        assert time.monotonic() < until, "the desk was not told"
        time.sleep(0.1)


def test_an_access_token_is_refreshed_when_it_ages(house: House, http: httpx.Client) -> None:
    house.log_in(house.person(), http)
    with house.desk.app.test_request_context("/", headers={"Cookie": f"desk={http.cookies['desk']}"}):
        before = access_token(house.desk.services.authorize)
        assert access_token(house.desk.services.authorize) == before
        session["tokens"]["expires_at"] = 0
        after = access_token(house.desk.services.authorize)
    assert after != before


def test_a_session_ends_after_its_whole_life(house: House, http: httpx.Client) -> None:
    house.log_in(house.person(), http)
    try:
        house.desk.ahead = house.desk.settings.session_life + 1
        assert "Đăng xuất" not in http.get("/").text
    finally:
        house.desk.ahead = 0


def _state_under_way(house: House, http: httpx.Client) -> str:
    kept = house.desk.services.sessions.find(http.cookies["desk"])
    assert kept
    return str(next(iter(kept["logins"])))


def test_the_access_token_is_for_the_signing_service_and_bound_to_the_sessions_key(
    house: House, http: httpx.Client
) -> None:
    house.log_in(house.person(), http)
    kept = house.desk.services.sessions.find(http.cookies["desk"])
    assert kept
    payload = kept["tokens"]["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["aud"] == RESOURCE
    assert set(claims["scope"].split()) >= {"sign", "service"}
    assert claims["sub"] == kept["person"]["subject"]
    assert claims["cnf"]["jkt"]


def test_a_slow_request_undoes_nothing_of_what_others_of_its_browser_did(
    house: House, http: httpx.Client
) -> None:
    """A picture that had the token refreshed must not lose the approval that was begun meanwhile."""
    house.log_in(house.person(), http)
    cookie, app = http.cookies["desk"], house.desk.app
    with app.test_request_context("/", headers={"Cookie": f"desk={cookie}"}):
        session["tokens"] = session["tokens"] | {"expires_at": 7}
        kept = house.desk.services.sessions.find(cookie)
        assert kept
        meanwhile = kept | {"approvals": {"state": "begun"}}
        house.desk.services.sessions.keep(cookie, meanwhile, seconds=600, session_id=kept["sid"])
        app.session_interface.save_session(app, session, app.response_class())
    now = house.desk.services.sessions.find(cookie)
    assert now == meanwhile | {"tokens": kept["tokens"] | {"expires_at": 7}}


def test_a_request_that_outlives_the_logout_brings_no_session_back(house: House, http: httpx.Client) -> None:
    house.log_in(house.person(), http)
    cookie, app = http.cookies["desk"], house.desk.app
    with app.test_request_context("/", headers={"Cookie": f"desk={cookie}"}):
        session["tokens"] = session["tokens"] | {"expires_at": 7}
        house.desk.services.sessions.end(cookie)
        app.session_interface.save_session(app, session, app.response_class())
    assert house.desk.services.sessions.find(cookie) is None


def test_a_login_that_the_provider_ended_is_asked_for_once_more(house: House, http: httpx.Client) -> None:
    """The desk, which still knows the person, and its login must not send them round in circles."""
    house.log_in(house.person(), http)
    kept = house.desk.services.sessions.find(http.cookies["desk"])
    assert kept
    kept["tokens"] |= {"expires_at": 0, "refresh_token": "ended"}
    house.desk.services.sessions.keep(http.cookies["desk"], kept, seconds=600, session_id="")
    needed = http.get("/my-keys")
    assert needed.headers["Location"] == "/login?next=/my-keys"
    again = http.get(needed.headers["Location"])
    assert again.headers["Location"].startswith(house.provider.issuer)


def test_who_has_to_log_in_comes_back_to_the_very_page(house: House, http: httpx.Client) -> None:
    wanted = "/upload?lang=en&q=quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh"
    begun = http.get(http.get(wanted).headers["Location"])
    back = house.provider.log_in(begun.headers["Location"], house.person())
    came = http.get(back).headers["Location"]
    assert parse_qs(urlsplit(came).query) == {"lang": ["en"], "q": ["quyết định"]}
