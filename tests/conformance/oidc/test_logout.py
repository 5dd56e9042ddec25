"""RP-initiated, back-channel and front-channel logout: one case a module, named as the module is."""

import base64
import json
import secrets
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.conformance.oidc.checks import check_error_callback
from tests.conformance.oidc.listener import Listener
from tests.conformance.oidc.relying_party import RelyingParty, sign_jwt
from tests.conformance.oidc.suite import Complete, Suite
from tests.conformance.oidc.test_basic import NOT_SILENT

EVENT = "http://schemas.openid.net/event/backchannel-logout"
AFTERWARDS = "https://rp.example.gov.vn/sau-khi-dang-xuat"


@pytest.fixture
def party(suite: Suite) -> RelyingParty:
    return suite.register("baseline", post_logout_redirect_uris=(AFTERWARDS,))


def log_out(suite: Suite, browser: Browser, **params: str) -> Page | Callback:
    """Open the end_session_endpoint and say yes where a person is asked."""
    answer = browser.open(f"{suite.op.metadata['end_session_endpoint']}?{urlencode(params)}")
    if isinstance(answer, Page):
        found = answer.form_with_button("logout-confirm")
        if found is not None:
            return browser.submit(answer, *found)
    return answer


def is_logged_in(suite: Suite, browser: Browser, party: RelyingParty) -> bool:
    back = browser.open(party.authorization_url(prompt="none"))
    assert isinstance(back, Callback)
    if "code" in back.params:
        return True
    check_error_callback(dict(back.params), *NOT_SILENT, issuer=suite.op.issuer, state=party.sent["state"])
    return False


def logged_in(suite: Suite, party: RelyingParty) -> tuple[Browser, Complete]:
    browser = suite.browser()
    got = suite.complete(browser, party)
    assert is_logged_in(suite, browser, party)
    return browser, got


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(suite: Suite) -> None:
    assert suite.op.metadata["end_session_endpoint"].startswith("https://")


@pytest.mark.parametrize("state", [secrets.token_urlsafe(96), None], ids=["", "no-state"])
def test_oidcc_rp_initiated_logout(suite: Suite, party: RelyingParty, state: str | None) -> None:
    """oidcc-rp-initiated-logout, -no-state"""
    browser, got = logged_in(suite, party)
    asked = {"id_token_hint": got.id_token, "post_logout_redirect_uri": AFTERWARDS}
    back = log_out(suite, browser, **asked, **({"state": state} if state else {}))
    back = suite.follow_logout(browser, back)
    assert isinstance(back, Callback), "was not sent back"
    assert back.url.split("?")[0] == AFTERWARDS
    assert back.params.get("state") == state
    assert not is_logged_in(suite, browser, party)


def modified(token: str) -> str:
    """The same claims, unsigned."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


@pytest.mark.parametrize(
    "wrong",
    ["bad-post-logout-redirect-uri", "query-added-to-post-logout-redirect-uri", "modified-id-token-hint",
     "bad-id-token-hint", "no-id-token-hint"],
)  # fmt: skip
def test_oidcc_rp_initiated_logout_never_redirects(suite: Suite, party: RelyingParty, wrong: str) -> None:
    browser, got = logged_in(suite, party)
    foreign = sign_jwt(suite.peek(got.id_token), ECKey.generate_key("P-256"), {"alg": "ES256", "kid": "la"})
    asked = {"id_token_hint": got.id_token, "post_logout_redirect_uri": AFTERWARDS, "state": "x"} | {
        "bad-post-logout-redirect-uri": {"post_logout_redirect_uri": "https://rp.example.gov.vn/khac"},
        "query-added-to-post-logout-redirect-uri": {"post_logout_redirect_uri": f"{AFTERWARDS}?them=1"},
        "modified-id-token-hint": {"id_token_hint": modified(got.id_token)},
        "bad-id-token-hint": {"id_token_hint": foreign},
        "no-id-token-hint": {"id_token_hint": ""},
    }[wrong]
    answer = browser.open(f"{suite.op.metadata['end_session_endpoint']}?{urlencode(asked)}")
    assert isinstance(answer, Page), "redirected"


@pytest.mark.parametrize("given", ["no-params", "no-post-logout-redirect-uri", "only-state"])
def test_oidcc_rp_initiated_logout_shows_that_one_is_logged_out(
    suite: Suite, party: RelyingParty, given: str
) -> None:
    browser, got = logged_in(suite, party)
    asked = {
        "no-params": {},
        "no-post-logout-redirect-uri": {"id_token_hint": got.id_token},
        "only-state": {"state": "x"},
    }[given]
    answer = log_out(suite, browser, **asked)
    assert isinstance(answer, Page)
    assert answer.status == 200
    assert not is_logged_in(suite, browser, party)


# ---- back-channel


def test_oidcc_backchannel_rp_initiated_logout_discovery(suite: Suite) -> None:
    assert suite.op.metadata["backchannel_logout_supported"] is True
    assert suite.op.metadata["backchannel_logout_session_supported"] is True
    assert suite.op.metadata["end_session_endpoint"]


def test_oidcc_backchannel_rp_initiated_logout(suite: Suite, listener: Listener) -> None:
    party = suite.register(
        "baseline",
        post_logout_redirect_uris=(AFTERWARDS,),
        backchannel_logout_uri=f"{listener.url}/backchannel",
        backchannel_logout_session_required=True,
    )
    browser, got = logged_in(suite, party)
    log_out(suite, browser, id_token_hint=got.id_token, post_logout_redirect_uri=AFTERWARDS)
    request = listener.wait_for("/backchannel")
    assert request.method == "POST"
    fields = parse_qsl(request.body.decode(), keep_blank_values=True)
    assert [name for name, _ in fields] == ["logout_token"]
    decoded = jwt.decode(fields[0][1], suite.op.keys(), algorithms=["ES256"])
    assert decoded.header["typ"] == "logout+jwt"
    claims = decoded.claims
    assert claims["iss"] == suite.op.issuer
    assert claims["aud"] == party.client_id
    assert time.time() - 86400 < claims["iat"] <= time.time() + 5
    assert claims["jti"]
    assert claims["events"] == {EVENT: {}}
    assert claims["sub"] == got.claims["sub"]
    assert claims["sid"] == got.claims["sid"]
    assert "nonce" not in claims


# ---- front-channel


def test_oidcc_frontchannel_rp_initiated_logout_discovery(suite: Suite) -> None:
    assert suite.op.metadata["frontchannel_logout_supported"] is True
    assert suite.op.metadata["frontchannel_logout_session_supported"] is True


def test_oidcc_frontchannel_rp_initiated_logout(suite: Suite) -> None:
    framed = "https://rp.example.gov.vn/frontchannel?a=b"
    party = suite.register(
        "baseline",
        post_logout_redirect_uris=(AFTERWARDS,),
        frontchannel_logout_uri=framed,
        frontchannel_logout_session_required=True,
    )
    browser, got = logged_in(suite, party)
    page = log_out(suite, browser, id_token_hint=got.id_token, post_logout_redirect_uri=AFTERWARDS)
    assert isinstance(page, Page)
    frame = next(
        source for source in page.frames if source.startswith("https://rp.example.gov.vn/frontchannel")
    )
    assert dict(parse_qsl(urlsplit(frame).query)) == {
        "a": "b",
        "iss": suite.op.issuer,
        "sid": got.claims["sid"],
    }
    assert "https://rp.example.gov.vn" in page.headers["content-security-policy"].partition("frame-src")[2]
