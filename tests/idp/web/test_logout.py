"""/logout by the modules of the conformance suite, and by its pages."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from idp.protocol.client_metadata import ClientMetadata
from idp.store.evidence import read_after
from tests.idp.provider import ISSUER, Provider
from tests.idp.software_keys import SoftwareKeys
from tests.idp.web.logout_browser import BACK, LAN, OTHER_BACK, Browser, asked, register_relying_parties


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Provider:
    return register_relying_parties(Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target))


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return Browser(provider)


# --- OpenID Connect RP-Initiated Logout 1.0, by the modules of the suite


def test_discovery_says_what_there_is(provider: Provider) -> None:
    document = provider.client.get("/.well-known/openid-configuration").json
    assert document["end_session_endpoint"] == f"{ISSUER}/logout"
    for name in ("backchannel", "frontchannel"):
        assert document[f"{name}_logout_supported"] is True
        assert document[f"{name}_logout_session_supported"] is True


def test_oidcc_rp_initiated_logout(browser: Browser) -> None:
    session = browser.log_in("rp")
    state = "s" * 100 + "+/=&%# _-.~" + "t" * 17
    answer = browser.get(id_token_hint=browser.hint(session), post_logout_redirect_uri=BACK, state=state)
    assert answer.status_code == 303
    returned = urlsplit(answer.location)
    assert f"{returned.scheme}://{returned.netloc}{returned.path}" == BACK
    assert parse_qs(returned.query) == {"state": [state]}
    assert not browser.is_in(session)
    assert "Max-Age=0" in next(each for each in answer.headers.getlist("Set-Cookie") if "__Host-sid" in each)


def test_oidcc_rp_initiated_logout_no_state(browser: Browser) -> None:
    session = browser.log_in("rp")
    answer = browser.get(id_token_hint=browser.hint(session), post_logout_redirect_uri=BACK)
    assert (answer.status_code, answer.location) == (303, BACK)


def test_a_registered_query_is_kept(browser: Browser) -> None:
    session = browser.log_in("rp")
    answer = browser.get(id_token_hint=browser.hint(session), post_logout_redirect_uri=OTHER_BACK, state="x")
    assert answer.location == f"{OTHER_BACK}&state=x"


@pytest.mark.parametrize(
    "uri",
    [
        "https://attacker.example/",
        f"{BACK}?added=1",
        f"{BACK}/",
        BACK.upper(),
        f"{BACK}#fragment",
        "https://rp.example.gov.vn@attacker.example/logged-out",
        "javascript:alert(1)",
        "//attacker.example",
    ],
)
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(browser: Browser, uri: str) -> None:
    session = browser.log_in("rp")
    answer = browser.get(id_token_hint=browser.hint(session), post_logout_redirect_uri=uri)
    assert asked(answer)
    assert uri not in answer.text
    done = browser.follow(browser.confirm(answer))
    assert "Bạn đã đăng xuất" in done.text
    assert uri not in done.text
    assert not browser.is_in(session)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(browser: Browser) -> None:
    session = browser.log_in("rp")
    _, payload, _ = browser.hint(session).split(".")
    unsigned = f"eyJhbGciOiJub25lIn0.{payload}."
    assert asked(browser.get(id_token_hint=unsigned, post_logout_redirect_uri=BACK))
    assert browser.is_in(session)


def test_oidcc_rp_initiated_logout_bad_id_token_hint(browser: Browser, shared_keys: SoftwareKeys) -> None:
    session = browser.log_in("rp")
    claims = {"iss": ISSUER, "sub": "x", "aud": "rp", "sid": session.session_id}
    foreign = jws.serialize_compact(
        {"alg": "ES256", "kid": "es-1", "typ": "JWT"}, json.dumps(claims).encode(),
        ECKey.generate_key("P-256"),
    )  # fmt: skip
    answer = browser.get(id_token_hint=foreign, post_logout_redirect_uri=BACK)
    assert asked(answer)
    # What a doubtful request named is not carried on.
    assert BACK not in answer.text
    assert browser.is_in(session)


def test_oidcc_rp_initiated_logout_no_id_token_hint(browser: Browser) -> None:
    session = browser.log_in("rp")
    answer = browser.get(post_logout_redirect_uri=BACK, state="x")
    assert asked(answer)
    done = browser.follow(browser.confirm(answer))
    assert "Bạn đã đăng xuất" in done.text
    assert not browser.is_in(session)


@pytest.mark.parametrize("parameters", [{}, {"state": "only"}])
def test_oidcc_rp_initiated_logout_no_params_and_only_state(
    browser: Browser, parameters: dict[str, str]
) -> None:
    session = browser.log_in("rp")
    answer = browser.get(**parameters)
    assert asked(answer)
    done = browser.follow(browser.confirm(answer))
    assert done.status_code == 200
    assert "Bạn đã đăng xuất" in done.text
    assert not browser.is_in(session)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(browser: Browser) -> None:
    session = browser.log_in("rp")
    done = browser.follow(browser.get(id_token_hint=browser.hint(session)))
    assert "Bạn đã đăng xuất" in done.text
    assert not browser.is_in(session)


def test_an_expired_hint_is_still_a_hint(browser: Browser) -> None:
    session = browser.log_in("rp")
    hint = browser.hint(session)
    browser.provider.clock.pass_(minutes=25)
    assert browser.get(id_token_hint=hint, post_logout_redirect_uri=BACK).location == BACK
    assert not browser.is_in(session)


def test_a_client_that_names_itself_returns_after_the_person_confirmed(browser: Browser) -> None:
    session = browser.log_in("rp")
    answer = browser.get(client_id="rp", post_logout_redirect_uri=BACK, state="a&b")
    assert asked(answer)
    assert f"form-action 'self' {BACK.rpartition('/')[0]}" in answer.headers["Content-Security-Policy"]
    assert browser.confirm(answer).location == f"{BACK}?state=a%26b"
    assert not browser.is_in(session)


def test_logout_by_post_meets_the_session_that_the_post_did_not_bring(browser: Browser) -> None:
    """A relying party's form posts across sites, so the Lax cookie stays behind; the GET after it has it."""
    session = browser.log_in("rp")
    form = {"id_token_hint": browser.hint(session), "post_logout_redirect_uri": BACK, "state": "x"}
    answer = browser.provider.app.test_client().post("/logout", data=form, base_url="https://localhost")
    assert answer.status_code == 303
    assert form["id_token_hint"] not in answer.location
    assert browser.is_in(session)
    assert browser.follow(answer).location == f"{BACK}?state=x"
    assert not browser.is_in(session)


def test_the_page_speaks_the_language_that_was_asked_for(browser: Browser) -> None:
    browser.log_in("rp")
    assert "Bạn muốn đăng xuất?" in browser.get().text
    assert "Do you want to log out?" in browser.get(ui_locales="fr en-US vi").text


# --- after it


def test_the_cookie_of_an_ended_session_opens_nothing(browser: Browser) -> None:
    """Cookie theft: a copy of the cookie is worth nothing after logout."""
    session = browser.log_in("rp")
    stolen = browser.http.get_cookie("__Host-sid")
    assert stolen
    browser.get(id_token_hint=browser.hint(session))
    thief = Browser(browser.provider)
    thief.http.set_cookie("__Host-sid", stolen.value, secure=True, domain="localhost")
    assert not asked(thief.get())
    assert browser.services.sessions.find(stolen.value, browser.now()) is None


def test_logging_out_twice_is_no_error(browser: Browser) -> None:
    session = browser.log_in("rp")
    hint = browser.hint(session)
    for _ in range(2):
        answer = browser.get(id_token_hint=hint, post_logout_redirect_uri=BACK)
        assert answer.location == BACK


def test_introspection_of_a_token_of_the_session_is_false(browser: Browser, provider: Provider) -> None:
    audience = "https://sign.example.gov.vn"
    server = provider.register("resource-server", introspects=(audience,))
    session = browser.log_in("rp")
    token = browser.services.token_keys.sign(
        "ES256",
        {"iss": ISSUER, "sub": "x", "aud": audience, "client_id": "rp", "jti": "j-1", "iat": browser.now(),
         "exp": browser.now() + 300, "sid": session.session_id, "scope": "openid"},
    )  # fmt: skip

    def active() -> bool:
        answer = provider.client.post("/introspect", data=server.form(token=token))
        return bool(answer.json["active"])

    assert active()
    browser.get(id_token_hint=browser.hint(session))
    assert not active()


def test_an_end_is_one_event_with_the_services_it_touched(browser: Browser) -> None:
    session = browser.log_in("rp", "other")
    browser.get(id_token_hint=browser.hint(session))
    browser.get(id_token_hint=browser.hint(session))
    with browser.services.database.reading() as connection:
        found = [each.event for each in read_after(connection, 0, 10) if each.event.name == "session.ended"]
    assert [(each.session_id, each.person_id) for each in found] == [(session.session_id, LAN.person_id)]
    assert found[0].details == {"reason": "logout", "clients": ["other", "rp"], "by": ""}


def test_the_page_says_which_services_know(browser: Browser, provider: Provider) -> None:
    provider.register("told", metadata=ClientMetadata(backchannel_logout_uri="https://told.example.gov.vn/o"))
    session = browser.log_in("told", "other", upstream="vneid")
    done = browser.follow(browser.get(id_token_hint=browser.hint(session)))
    assert "Đang báo…" in done.text
    assert "Không tự đăng xuất" in done.text
    assert "VNeID" in done.text
    assert 'href="/logout/done?again=1"' in done.text
    for delivery in browser.services.logout.deliveries.claim(now=browser.now(), lease=60, limit=5):
        browser.services.logout.deliveries.finish(delivery, state="delivered", error="", now=browser.now())
    again = browser.http.get("/logout/done?again=1", base_url="https://localhost")
    assert "Đang báo…" not in again.text
    assert "Xem lại" not in again.text


# --- Front-Channel Logout 1.0


def test_front_channel_pages_are_loaded_with_iss_and_sid(browser: Browser, provider: Provider) -> None:
    uri = "https://front.example.gov.vn/logout?app=1"
    metadata = ClientMetadata(frontchannel_logout_uri=uri, post_logout_redirect_uris=(BACK,))
    provider.register("front", metadata=metadata)
    provider.register("untouched", metadata=ClientMetadata(frontchannel_logout_uri="https://x.example/"))
    session = browser.log_in("front")
    answer = browser.get(
        id_token_hint=browser.hint(session, "front"), post_logout_redirect_uri=BACK, state="x"
    )
    done = browser.follow(answer)
    (frame,) = re.findall(r'<iframe src="([^"]+)"', done.text)
    parsed = urlsplit(frame.replace("&amp;", "&"))
    assert parse_qs(parsed.query) == {"app": ["1"], "iss": [ISSUER], "sid": [session.session_id]}
    policy = done.headers["Content-Security-Policy"].split("; ")
    assert "frame-src 'self' https://front.example.gov.vn" in policy
    # The frames are on their way: only then back to the relying party.
    assert done.headers["Refresh"] == f"3; url={BACK}?state=x"
    reloaded = browser.http.get("/logout/done?again=1", base_url="https://localhost")
    assert "<iframe" not in reloaded.text
