"""oidcc-dynamic-certification-test-plan and oidcc-3rdparty-init-login-certification-test-plan.

``oidcc-idtoken-unsigned`` is skipped as the suite does (``none`` is not offered), ``-discovery-endpoint-
verification`` is in test_config_and_form_post.py.
"""

from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.conformance.oidc.browser import Callback, Page
from tests.conformance.oidc.checks import check_error_answer, check_token_answer
from tests.conformance.oidc.listener import Listener
from tests.conformance.oidc.relying_party import RelyingParty
from tests.conformance.oidc.suite import Suite

CALLBACK = "https://rp.example.gov.vn/dong"


def registered(suite: Suite, **metadata: Any) -> tuple[RelyingParty, dict[str, Any]]:
    """A client that registered itself: 201, JSON, and a configuration endpoint that agrees."""
    key = ECKey.generate_key("P-256")
    party = RelyingParty(suite.op, "", CALLBACK, key=key, pkce=False)
    asked = {
        "client_name": "Hệ thống MẪU tự đăng ký",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["authorization_code", "refresh_token"],
        "id_token_signed_response_alg": "ES256",
        **({} if "jwks_uri" in metadata else {"jwks": party.jwks()}),
        **metadata,
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    answer = register(suite, asked)
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    got = answer.json()
    again = suite.op.http.get(
        got["registration_client_uri"],
        headers={"Authorization": f"Bearer {got['registration_access_token']}"},
    )
    assert again.status_code == 200
    for name in ("client_id", "redirect_uris", "token_endpoint_auth_method"):
        assert again.json()[name] == got[name]
    party.client_id = got["client_id"]
    party.redirect_uri = asked["redirect_uris"][0]
    party.secret = got.get("client_secret", "")
    party.auth = got["token_endpoint_auth_method"]
    return party, got


def register(suite: Suite, asked: dict[str, Any]) -> httpx.Response:
    return suite.op.http.post(
        suite.op.metadata["registration_endpoint"],
        json=asked,
        headers={"Authorization": f"Bearer {suite.initial_access_token()}"},
    )


def test_oidcc_idtoken_rs256(suite: Suite) -> None:
    party, _ = registered(suite, id_token_signed_response_alg="RS256")
    suite.complete(suite.browser(), party, algorithm="RS256")


def test_oidcc_userinfo_rs256(suite: Suite) -> None:
    party, _ = registered(suite, userinfo_signed_response_alg="RS256")
    got = suite.complete(suite.browser(), party)
    answer = party.userinfo(got.access_token)
    assert answer.headers["content-type"].split(";")[0] == "application/jwt"
    claims = jwt.decode(answer.text, suite.op.keys(), algorithms=["RS256"]).claims
    assert claims["sub"] == got.claims["sub"]
    assert claims["iss"] == suite.op.issuer
    assert claims["aud"] == party.client_id


def test_oidcc_ensure_redirect_uri_in_authorization_request(suite: Suite) -> None:
    party, _ = registered(suite, redirect_uris=[CALLBACK, f"{CALLBACK}-2"])
    page = suite.browser().open(party.authorization_url(redirect_uri=None))
    assert isinstance(page, Page)
    assert page.status == 400


def test_oidcc_redirect_uri_query_OK(suite: Suite) -> None:  # noqa: N802
    party, _ = registered(suite, redirect_uris=[f"{CALLBACK}?foo=bar"])
    back = suite.arrive(suite.log_in(suite.browser(), party))
    assert back.params["foo"] == "bar"
    assert suite.redeem(party, back).claims["sub"]


@pytest.mark.parametrize("registered_uri", [f"{CALLBACK}?foo=bar", CALLBACK], ids=["mismatch", "added"])
def test_oidcc_redirect_uri_query(suite: Suite, registered_uri: str) -> None:
    """oidcc-redirect-uri-query-mismatch, -query-added"""
    party, _ = registered(suite, redirect_uris=[registered_uri])
    page = suite.browser().open(party.authorization_url(redirect_uri=f"{CALLBACK}?foo=baz"))
    assert isinstance(page, Page)
    assert page.status == 400


def test_oidcc_redirect_uri_regfrag(suite: Suite) -> None:
    party = RelyingParty(suite.op, "", CALLBACK)
    asked = {"redirect_uris": [f"{CALLBACK}#foobar"], "jwks": party.jwks(), "client_name": "x"}
    check_error_answer(register(suite, asked), "invalid_redirect_uri", "invalid_client_metadata")


def test_oidcc_server(suite: Suite) -> None:
    """RS256 is what Registration §2 gives a client that does not say."""
    party, got = registered(suite, id_token_signed_response_alg=None)
    assert got["id_token_signed_response_alg"] == "RS256"
    suite.complete(suite.browser(), party, algorithm="RS256")


@pytest.mark.parametrize("name", ["logo_uri", "policy_uri", "tos_uri"])
def test_oidcc_registration_what_the_person_is_shown(suite: Suite, name: str) -> None:
    """oidcc-registration-logo-uri, -policy-uri, -tos-uri: on a page before consent."""
    value = f"https://rp.example.gov.vn/{name}.png"
    party, _ = registered(suite, **{name: value})
    shown: list[Page] = []
    browser = suite.browser()
    browser.on_page = shown.append
    suite.arrive(suite.walk(browser, browser.open(party.authorization_url(prompt="consent"))))
    linked = [source for page in shown for source in (*page.images, *(href for href, _ in page.links))]
    assert value in linked


def test_oidcc_registration_jwks_uri(suite: Suite, listener: Listener) -> None:
    key = ECKey.generate_key("P-256")
    listener.serve("/jwks", RelyingParty(suite.op, "", CALLBACK, key=key).jwks())
    party, _ = registered(suite, jwks_uri=f"{listener.url}/jwks")
    party.key = key
    suite.complete(suite.browser(), party)


def test_oidcc_registration_sector_uri(suite: Suite, listener: Listener) -> None:
    uris = [CALLBACK, "https://khac.example.gov.vn/cb"]
    listener.serve("/sector", uris)
    party, _ = registered(
        suite, redirect_uris=uris, sector_identifier_uri=f"{listener.url}/sector", subject_type="pairwise"
    )
    suite.complete(suite.browser(), party)


def test_oidcc_registration_sector_bad(suite: Suite, listener: Listener) -> None:
    listener.serve("/sector-bad", ["https://khac.example.gov.vn/cb"])
    asked = {
        "client_name": "x", "redirect_uris": [CALLBACK], "jwks": RelyingParty(suite.op, "", CALLBACK).jwks(),
        "sector_identifier_uri": f"{listener.url}/sector-bad", "subject_type": "pairwise",
    }  # fmt: skip
    check_error_answer(register(suite, asked), "invalid_client_metadata")


def test_oidcc_server_rotate_keys(suite: Suite) -> None:
    """A new key is published and the old one stays: what it signed still verifies."""
    party, _ = registered(suite)
    old = suite.complete(suite.browser(), party)
    before = {key.kid for key in suite.op.keys().keys}
    suite.rotate_token_keys()
    after = {key.kid for key in suite.op.keys().keys}
    assert before < after
    jwt.decode(old.id_token, suite.op.keys(), algorithms=["ES256"])
    suite.complete(suite.browser(), party)


@pytest.mark.slow
def test_oidcc_refresh_token_rp_key_rotation(suite: Suite, listener: Listener) -> None:
    party = RelyingParty(suite.op, "", CALLBACK, key=ECKey.generate_key("P-256"), kid="cu")
    listener.serve("/jwks-rotating", party.jwks())
    found, _ = registered(suite, jwks_uri=f"{listener.url}/jwks-rotating")
    party.client_id, party.redirect_uri, party.pkce = found.client_id, found.redirect_uri, False
    got = suite.complete(suite.browser(), party, scope="openid offline_access", prompt="consent")
    party.key, party.kid = ECKey.generate_key("P-256"), "moi"
    listener.serve("/jwks-rotating", party.jwks())
    suite.pass_time_for_jwks()  # what a minute does: the provider may ask for the keys again
    check_token_answer(party.refresh(got.refresh_token))


def test_oidcc_request_uri_unsigned(suite: Suite) -> None:
    """Remote request objects are not supported, and that is said (also oidcc-request-uri-signed-rs256)."""
    assert suite.op.metadata["request_uri_parameter_supported"] is False
    party, _ = registered(suite)
    back = suite.browser().open(party.authorization_url(request_uri="https://rp.example.gov.vn/request.jwt"))
    if isinstance(back, Callback):
        assert back.params["error"] == "request_uri_not_supported"
    else:
        assert back.status == 400


def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite) -> None:
    party, _ = registered(suite, request_object_signing_alg="ES256")
    signed = party.request_object()
    url = party.authorization_url(redirect_uri=f"{CALLBACK}/khac", request=signed)
    browser = suite.browser()
    back = suite.walk(browser, browser.open(url))
    if isinstance(back, Callback):
        assert back.url.split("?")[0] == CALLBACK, "the redirect_uri beside the request object was used"
    else:
        assert back.status == 400


def test_oidcc_refresh_token(suite: Suite) -> None:
    party, _ = registered(suite)
    got = suite.complete(suite.browser(), party, scope="openid offline_access", prompt="consent")
    check_token_answer(party.refresh(got.refresh_token))


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(suite: Suite) -> None:
    party, _ = registered(suite)
    back = suite.arrive(suite.log_in(suite.browser(), party))
    check_token_answer(party.exchange(back.params["code"], assertion={"aud": suite.op.issuer}))


# ---- third-party initiated login


def test_oidcc_3rd_party_init_login(suite: Suite) -> None:
    start = "https://rp.example.gov.vn/bat-dau"
    _, got = registered(suite, initiate_login_uri=start)
    again = suite.op.http.get(
        got["registration_client_uri"],
        headers={"Authorization": f"Bearer {got['registration_access_token']}"},
    )
    assert got["initiate_login_uri"] == again.json()["initiate_login_uri"] == start


def test_oidcc_3rd_party_init_login_nohttps(suite: Suite) -> None:
    asked = {
        "client_name": "x", "redirect_uris": [CALLBACK], "jwks": RelyingParty(suite.op, "", CALLBACK).jwks(),
        "initiate_login_uri": "http://rp.example.gov.vn/bat-dau",
    }  # fmt: skip
    check_error_answer(register(suite, asked), "invalid_client_metadata")
