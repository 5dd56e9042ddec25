"""oidcc-basic-certification-test-plan: one case a module, named as the module is. Warnings are failures.

Not here, because the suite skips them too: ``oidcc-idtoken-unsigned`` (``none`` is not offered).
"""

import json
import secrets
import time
from urllib.parse import urlencode

import pytest

from tests.conformance.oidc.browser import Callback, Page
from tests.conformance.oidc.checks import (
    check_error_answer,
    check_error_callback,
    check_id_token,
    check_random,
    check_standard_claims,
    check_token_answer,
)
from tests.conformance.oidc.relying_party import RelyingParty
from tests.conformance.oidc.suite import SCOPE_CLAIMS, Suite

NOT_SILENT = ("login_required", "interaction_required", "consent_required", "account_selection_required")


def test_oidcc_server(suite: Suite, basic: RelyingParty) -> None:
    got = suite.complete(suite.browser(), basic)
    assert set(got.claims) <= {
        "iss", "sub", "aud", "exp", "iat", "nonce", "auth_time", "acr", "amr", "sid", "at_hash", "azp",
    }  # fmt: skip


def test_oidcc_response_type_missing(suite: Suite, basic: RelyingParty) -> None:
    back = suite.browser().open(basic.authorization_url(response_type=None))
    if isinstance(back, Callback):
        errors = ("unsupported_response_type", "invalid_request")
        check_error_callback(dict(back.params), *errors, issuer=suite.op.issuer, state=basic.sent["state"])
    else:
        assert back.status == 400


def test_oidcc_idtoken_signature(suite: Suite, rs256: RelyingParty) -> None:
    """RS256 is the suite's default; the kid is in the header (``check_id_token``)."""
    assert suite.complete(suite.browser(), rs256, algorithm="RS256").claims["sub"]


@pytest.mark.parametrize(
    ("method", "body"),
    [("GET", False), ("POST", False), ("POST", True)],
    ids=["get", "post_header", "post_body"],
)
def test_oidcc_userinfo(suite: Suite, basic: RelyingParty, method: str, body: bool) -> None:
    """oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body"""
    got = suite.complete(suite.browser(), basic)
    if body:
        endpoint = suite.op.metadata["userinfo_endpoint"]
        answer = suite.op.http.post(endpoint, data={"access_token": got.access_token})
    else:
        answer = basic.userinfo(got.access_token, method=method)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    assert answer.json()["sub"] == got.claims["sub"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite, basic: RelyingParty) -> None:
    assert "nonce" not in suite.complete(suite.browser(), basic, nonce=None).claims


@pytest.mark.parametrize("scope", ["profile", "email", "address", "phone"])
def test_oidcc_scope(suite: Suite, basic: RelyingParty, scope: str) -> None:
    """oidcc-scope-profile, -email, -address, -phone"""
    supported = suite.op.metadata["scopes_supported"]
    assert scope in supported
    got = suite.complete(suite.browser(), basic, scope=f"openid {scope}")
    claims = basic.userinfo(got.access_token).json()
    check_standard_claims(claims)
    assert SCOPE_CLAIMS[scope] <= set(claims), claims
    for other in set(SCOPE_CLAIMS) - {scope}:
        assert not SCOPE_CLAIMS[other] & set(claims)


def test_oidcc_scope_all(suite: Suite, basic: RelyingParty) -> None:
    got = suite.complete(suite.browser(), basic, scope="openid profile email address phone")
    claims = basic.userinfo(got.access_token).json()
    check_standard_claims(claims)
    assert set().union(*SCOPE_CLAIMS.values()) <= set(claims)


def test_oidcc_alternate_happy_flow(suite: Suite, basic: RelyingParty) -> None:
    """The order of scopes and of parameters says nothing."""
    params = basic.params(scope="email openid profile")
    reversed_ = dict(reversed(list(params.items())))
    url = f"{suite.op.metadata['authorization_endpoint']}?{urlencode(reversed_)}"
    browser = suite.browser()
    back = suite.walk(browser, browser.open(url))
    assert isinstance(back, Callback)
    assert suite.redeem(basic, back).claims["sub"]


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(suite: Suite, basic: RelyingParty, display: str) -> None:
    """oidcc-display-page, oidcc-display-popup"""
    suite.complete(suite.browser(), basic, display=display)


def test_oidcc_prompt_login(suite: Suite, basic: RelyingParty) -> None:
    browser = suite.browser()
    first = suite.complete(browser, basic)
    time.sleep(1.1)
    page = browser.open(basic.authorization_url(prompt="login"))
    assert isinstance(page, Page), "nobody was asked to log in again"
    second = suite.redeem(basic, suite.arrive(suite.walk(browser, page)))
    assert second.claims["sub"] == first.claims["sub"]
    assert second.claims["auth_time"] > first.claims["auth_time"]


def test_oidcc_prompt_none_not_logged_in(suite: Suite, basic: RelyingParty) -> None:
    back = suite.arrive(suite.browser().open(basic.authorization_url(prompt="none")))
    check_error_callback(dict(back.params), *NOT_SILENT, issuer=suite.op.issuer, state=basic.sent["state"])


def test_oidcc_prompt_none_logged_in(suite: Suite, basic: RelyingParty) -> None:
    browser = suite.browser()
    first = suite.complete(browser, basic, max_age="10000")
    back = suite.arrive(browser.open(basic.authorization_url(prompt="none", max_age="10000")))
    second = suite.redeem(basic, back)
    assert second.claims["sub"] == first.claims["sub"]
    assert second.claims["auth_time"] == first.claims["auth_time"]


def test_oidcc_max_age_1(suite: Suite, basic: RelyingParty) -> None:
    browser = suite.browser()
    first = suite.complete(browser, basic)
    time.sleep(2.1)
    page = browser.open(basic.authorization_url(max_age="1"))
    assert isinstance(page, Page), "a login older than max_age was taken"
    second = suite.redeem(basic, suite.arrive(suite.walk(browser, page)))
    assert second.claims["auth_time"] > first.claims["auth_time"]
    assert time.time() - second.claims["auth_time"] < 10


def test_oidcc_max_age_10000(suite: Suite, basic: RelyingParty) -> None:
    browser = suite.browser()
    first = suite.complete(browser, basic, max_age="10000")
    back = suite.arrive(browser.open(basic.authorization_url(max_age="10000")))
    assert suite.redeem(basic, back).claims["auth_time"] == first.claims["auth_time"]


@pytest.mark.parametrize(
    "extra",
    [
        {"extra": "foobar"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"login_hint": "ai-do@example.com"},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_oidcc_ensure_request_with_what_is_optional_succeeds(
    suite: Suite, basic: RelyingParty, extra: dict[str, str]
) -> None:
    """oidcc-ensure-request-with-unknown-parameter-succeeds, oidcc-ui-locales, -claims-locales, -login-hint"""
    suite.complete(suite.browser(), basic, **extra)


def test_oidcc_id_token_hint(suite: Suite, basic: RelyingParty) -> None:
    browser = suite.browser()
    first = suite.complete(browser, basic)
    url = basic.authorization_url(prompt="none", id_token_hint=first.id_token)
    assert suite.redeem(basic, suite.arrive(browser.open(url))).claims["sub"] == first.claims["sub"]


def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite, basic: RelyingParty) -> None:
    asked = suite.op.metadata["acr_values_supported"][:2]
    got = suite.complete(suite.browser(), basic, acr_values=" ".join(asked))
    assert got.claims["acr"] in asked


def test_oidcc_codereuse(suite: Suite, basic: RelyingParty) -> None:
    back = suite.arrive(suite.log_in(suite.browser(), basic))
    check_token_answer(basic.exchange(back.params["code"]))
    check_error_answer(basic.exchange(back.params["code"]), "invalid_grant")


@pytest.mark.slow
def test_oidcc_codereuse_30seconds(suite: Suite, basic: RelyingParty) -> None:
    back = suite.arrive(suite.log_in(suite.browser(), basic))
    body = check_token_answer(basic.exchange(back.params["code"]))
    assert basic.userinfo(body["access_token"]).status_code == 200
    time.sleep(30)
    check_error_answer(basic.exchange(back.params["code"]), "invalid_grant")
    assert basic.userinfo(body["access_token"]).status_code == 401, "what the code gave is still good"


def test_oidcc_ensure_registered_redirect_uri(suite: Suite, basic: RelyingParty) -> None:
    page = suite.browser().open(basic.authorization_url(redirect_uri="https://rp.example.gov.vn/khac"))
    assert isinstance(page, Page)
    assert page.status == 400


def test_oidcc_ensure_post_request_succeeds(suite: Suite, basic: RelyingParty) -> None:
    browser = suite.browser()
    page = browser.post(suite.op.metadata["authorization_endpoint"], basic.params())
    assert suite.redeem(basic, suite.arrive(suite.walk(browser, page))).claims["sub"]


def test_oidcc_server_client_secret_post(suite: Suite) -> None:
    party = suite.register("baseline", auth="client_secret_post")
    suite.complete(suite.browser(), party)


@pytest.mark.parametrize("name", ["request_uri", "request"])
def test_oidcc_unsigned_request_is_rejected_as_unsupported(
    suite: Suite, basic: RelyingParty, name: str
) -> None:
    """oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported, and the same for request."""
    unsigned = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9."
    value = unsigned if name == "request" else "https://rp.example.gov.vn/request.jwt"
    back = suite.browser().open(basic.authorization_url(**{name: value}))
    expected = {
        "request_uri": ("request_uri_not_supported",),
        "request": ("request_not_supported", "invalid_request_object"),
    }
    if isinstance(back, Page):
        assert back.status == 400
        assert any(error in back.text for error in expected[name])
    else:
        check_error_callback(
            dict(back.params), *expected[name], issuer=suite.op.issuer, state=basic.sent["state"]
        )


def test_oidcc_claims_essential(suite: Suite, basic: RelyingParty) -> None:
    claims = json.dumps({"userinfo": {"name": {"essential": True}}})
    got = suite.complete(suite.browser(), basic, claims=claims)
    assert basic.userinfo(got.access_token).json()["name"]


def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite, basic_with_key: RelyingParty) -> None:
    """The request object's redirect_uri wins over the one beside it, or there is an error page."""
    signed = basic_with_key.request_object()
    url = basic_with_key.authorization_url(redirect_uri="https://rp.example.gov.vn/khac", request=signed)
    browser = suite.browser()
    back = suite.walk(browser, browser.open(url))
    if isinstance(back, Callback):
        assert back.url.split("?")[0] == basic_with_key.redirect_uri
    else:
        assert back.status == 400


def test_oidcc_refresh_token(suite: Suite, basic: RelyingParty) -> None:
    got = suite.complete(suite.browser(), basic, scope="openid offline_access", prompt="consent")
    assert got.refresh_token
    body = check_token_answer(basic.refresh(got.refresh_token))
    check_random(body["access_token"], "access_token")
    claims = check_id_token(
        body["id_token"], suite.op.keys(), issuer=suite.op.issuer, client_id=basic.client_id,
        algorithm="ES256", nonce=None if "nonce" not in suite.peek(body["id_token"]) else basic.sent["nonce"],
    )  # fmt: skip
    for name in ("iss", "sub", "aud", "auth_time"):
        assert claims[name] == got.claims[name]
    assert claims.get("azp") == got.claims.get("azp")
    assert claims["iat"] >= got.claims["iat"]
    other = suite.register("baseline", auth="client_secret_basic")
    latest = body.get("refresh_token", got.refresh_token)
    check_error_answer(other.refresh(latest), "invalid_grant")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite, basic: RelyingParty) -> None:
    basic.pkce = True
    suite.complete(suite.browser(), basic)


def test_the_code_is_random_and_state_and_iss_come_back(suite: Suite, basic: RelyingParty) -> None:
    """What every run checks of the callback."""
    state = secrets.token_urlsafe(96)
    back = suite.arrive(suite.log_in(suite.browser(), basic, state=state))
    check_random(back.params["code"], "code")
    assert set(back.params) == {"code", "state", "iss"}
    assert back.params["state"] == state
    assert back.params["iss"] == suite.op.issuer
