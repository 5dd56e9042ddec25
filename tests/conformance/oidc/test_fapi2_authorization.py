"""fapi2-security-profile-final-test-plan, the authorization side: private_key_jwt, DPoP, OpenID Connect.

Each function is named as its module is, without ``fapi2-security-profile-final-``. The region-only modules
(Brazil, ConnectID) are not ours.
"""

import json
import secrets
from urllib.parse import urlencode

import pytest
from joserfc.jwk import ECKey

from tests.conformance.oidc.browser import Callback, Page
from tests.conformance.oidc.checks import (
    check_error_answer,
    check_error_callback,
    check_random,
)
from tests.conformance.oidc.relying_party import RelyingParty, s256
from tests.conformance.oidc.suite import Suite

FAPI_ALGORITHMS = {"PS256", "ES256", "EdDSA", "Ed25519"}


def pushed_url(suite: Suite, party: RelyingParty, request_uri: str, **beside: str) -> str:
    query = urlencode({"client_id": party.client_id, "request_uri": request_uri, **beside})
    return f"{suite.op.metadata['authorization_endpoint']}?{query}"


def push(party: RelyingParty, **changes: str | None) -> str:
    answer = party.push(party.params(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_uri"])


def test_discovery_end_point_verification(suite: Suite) -> None:
    metadata = suite.op.metadata
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert "S256" in metadata["code_challenge_methods_supported"]
    assert "plain" not in metadata["code_challenge_methods_supported"]
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    assert set(metadata["dpop_signing_alg_values_supported"]) <= FAPI_ALGORITHMS
    assert set(metadata["token_endpoint_auth_signing_alg_values_supported"]) <= FAPI_ALGORITHMS
    for name in (
        "pushed_authorization_request_endpoint",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
    ):
        assert metadata[name].startswith("https://"), name


def test_happy_flow(suite: Suite, fapi: RelyingParty) -> None:
    got = suite.complete(suite.browser(), fapi)
    assert got.token_type == "DPoP"
    assert fapi.userinfo(got.access_token).json()["sub"] == got.claims["sub"]


def test_user_rejects_authentication(suite: Suite, fapi: RelyingParty) -> None:
    browser = suite.browser()
    back = suite.arrive(
        suite.walk(browser, browser.open(fapi.authorization_url(prompt="consent")), reject=True)
    )
    check_error_callback(dict(back.params), "access_denied", issuer=suite.op.issuer, state=fapi.sent["state"])


@pytest.mark.parametrize(
    "changes",
    [
        {"state": None},
        {"nonce": None},
        {"nonce": secrets.token_hex(32)},
        {"nonce": secrets.token_hex(192)},
        {"state": secrets.token_hex(192)},
    ],
    ids=[
        "without-state-success",
        "without-nonce-success",
        "with-64-char-nonce-success",
        "with-long-nonce",
        "with-long-state",
    ],
)
def test_ensure_authorization_request(
    suite: Suite, fapi: RelyingParty, changes: dict[str, str | None]
) -> None:
    got = suite.complete(suite.browser(), fapi, **changes)
    assert got.claims.get("nonce") == fapi.sent.get("nonce")


def test_ensure_other_scope_order_succeeds(suite: Suite, fapi: RelyingParty) -> None:
    suite.complete(suite.browser(), fapi, scope="profile email openid")


def test_test_claims_parameter_identity_claims(suite: Suite, fapi: RelyingParty) -> None:
    claims = {"id_token": {"name": {"essential": True}}, "userinfo": {"email": None}}
    got = suite.complete(suite.browser(), fapi, claims=json.dumps(claims))
    assert got.claims["name"]
    assert fapi.userinfo(got.access_token).json()["email"]


def test_ensure_mismatched_dpop_jkt_fails(suite: Suite, fapi: RelyingParty) -> None:
    """dpop_jkt in the request, and a proof of another key at PAR."""
    proof = fapi.proof("POST", suite.op.metadata["pushed_authorization_request_endpoint"])
    answer = fapi.push(fapi.params(dpop_jkt=ECKey.generate_key("P-256").thumbprint()), dpop=proof)
    check_error_answer(answer, "invalid_dpop_proof", "invalid_request")


@pytest.mark.parametrize("bound_by", ["dpop_jkt", "proof at PAR"])
def test_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(
    suite: Suite, fapi: RelyingParty, bound_by: str
) -> None:
    """ensure-token-endpoint-fails-with-mismatched-dpop-jkt, …-mismatched-dpop-proof-jkt"""
    first = ECKey.generate_key("P-256")
    endpoint = suite.op.metadata["pushed_authorization_request_endpoint"]
    by_jkt = bound_by == "dpop_jkt"
    params = fapi.params(dpop_jkt=first.thumbprint() if by_jkt else None)
    answer = fapi.push(params, dpop=None if by_jkt else fapi.proof("POST", endpoint, key=first))
    browser = suite.browser()
    back = suite.arrive(
        suite.walk(browser, browser.open(pushed_url(suite, fapi, answer.json()["request_uri"])))
    )
    check_error_answer(fapi.exchange(back.params["code"]), "invalid_grant", "invalid_dpop_proof")


@pytest.mark.parametrize("how", ["par", "auth_code"])
def test_ensure_dpop_binding_success(suite: Suite, fapi: RelyingParty, how: str) -> None:
    """ensure-dpopproof-at-par-endpoint-binding-success, ensure-dpop-auth-code-binding-success"""
    assert fapi.dpop is not None
    endpoint = suite.op.metadata["pushed_authorization_request_endpoint"]
    params = fapi.params(dpop_jkt=fapi.dpop.thumbprint() if how == "auth_code" else None)
    answer = fapi.push(params, dpop=fapi.proof("POST", endpoint) if how == "par" else None)
    browser = suite.browser()
    back = suite.arrive(
        suite.walk(browser, browser.open(pushed_url(suite, fapi, answer.json()["request_uri"])))
    )
    assert suite.redeem(fapi, back).token_type == "DPoP"


@pytest.mark.parametrize("name", ["nonce", "state"])
def test_ensure_different_inside_and_outside_request_object(
    suite: Suite, fapi: RelyingParty, name: str
) -> None:
    """What was pushed counts; what stands beside request_uri at the authorization endpoint does not."""
    request_uri = push(fapi)
    browser = suite.browser()
    start = browser.open(pushed_url(suite, fapi, request_uri, **{name: "ben-ngoai"}))
    back = suite.arrive(suite.walk(browser, start))
    assert back.params["state"] == fapi.sent["state"]
    assert suite.redeem(fapi, back).claims["nonce"] == fapi.sent["nonce"]


def test_state_only_outside_request_object_not_used(suite: Suite, fapi: RelyingParty) -> None:
    browser = suite.browser()
    start = browser.open(pushed_url(suite, fapi, push(fapi, state=None), state="ben-ngoai"))
    assert "state" not in suite.arrive(suite.walk(browser, start)).params


def test_ensure_request_object_without_redirect_uri_fails(fapi: RelyingParty) -> None:
    """Also ensure-redirect-uri-in-authorization-request."""
    check_error_answer(fapi.push(fapi.params(redirect_uri=None)), "invalid_request")


def test_ensure_registered_redirect_uri(fapi: RelyingParty) -> None:
    """Also plain-fapi-tolerate-unregistered-redirect-uri: this provider does not."""
    answer = fapi.push(fapi.params(redirect_uri="https://rp.example.gov.vn/khac"))
    check_error_answer(answer, "invalid_request", "invalid_redirect_uri")


def test_ensure_unsigned_authorization_request_without_using_par_fails(
    suite: Suite, fapi: RelyingParty
) -> None:
    url = f"{suite.op.metadata['authorization_endpoint']}?{urlencode(fapi.params())}"
    back = suite.browser().open(url)
    if isinstance(back, Page):
        assert back.status == 400
        assert back.form_with("username") is None
    else:
        check_error_callback(
            dict(back.params), "invalid_request", issuer=suite.op.issuer, state=fapi.sent["state"]
        )


@pytest.mark.parametrize("response_type", ["code id_token", "token"])
def test_ensure_response_type_other_than_code_fails(fapi: RelyingParty, response_type: str) -> None:
    """ensure-response-type-code-idtoken-fails, ensure-response-type-token-fails"""
    answer = fapi.push(fapi.params(response_type=response_type))
    check_error_answer(answer, "unsupported_response_type", "invalid_request", "unauthorized_client")


def test_ensure_server_handles_non_matching_intent_id(fapi: RelyingParty) -> None:
    """authorization_details that name what this client may not have are refused, not dropped."""
    details = [
        {"type": "antin_sign", "credentialID": "khong-co", "documentDigests": [], "hashAlgorithmOID": "1.2"}
    ]
    answer = fapi.push(fapi.params(authorization_details=json.dumps(details)))
    check_error_answer(answer, "invalid_authorization_details")


def test_test_essential_acr_sca_claim(suite: Suite, fapi: RelyingParty) -> None:
    """An essential acr is reached, or the request ends with an error; never with a lower one."""
    for acr in suite.op.metadata["acr_values_supported"][:2]:
        claims = json.dumps({"id_token": {"acr": {"essential": True, "values": [acr]}}})
        assert suite.complete(suite.browser(), fapi, claims=claims).claims["acr"] == acr
    browser = suite.browser()
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": ["khong-co"]}}})
    back = suite.arrive(suite.walk(browser, browser.open(fapi.authorization_url(claims=claims))))
    check_error_callback(
        dict(back.params), "unmet_authentication_requirements", "access_denied",
        issuer=suite.op.issuer, state=fapi.sent["state"],
    )  # fmt: skip


def test_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(
    suite: Suite, fapi: RelyingParty
) -> None:
    url = pushed_url(suite, fapi, push(fapi))
    suite.browser().open(url)  # a preview, a reload: not a completion
    browser = suite.browser()
    assert suite.redeem(fapi, suite.arrive(suite.walk(browser, browser.open(url)))).claims["sub"]


def test_par_attempt_reuse_request_uri(suite: Suite, fapi: RelyingParty) -> None:
    url = pushed_url(suite, fapi, push(fapi))
    browser = suite.browser()
    suite.redeem(fapi, suite.arrive(suite.walk(browser, browser.open(url))))
    for again in (browser, suite.browser()):
        refused(again.open(url))


def refused(answer: Page | Callback) -> None:
    if isinstance(answer, Page):
        assert answer.status == 400, answer.text[:300]
        assert answer.form_with("username") is None
    else:
        assert answer.params["error"] in ("invalid_request", "invalid_request_uri")


@pytest.mark.slow
def test_par_attempt_to_use_expired_request_uri(suite: Suite, fapi: RelyingParty) -> None:
    answer = fapi.push(fapi.params())
    assert 5 <= answer.json()["expires_in"] <= 600
    suite.forget_pushed(answer.json()["request_uri"])  # what Redis does when the time is over
    refused(suite.browser().open(pushed_url(suite, fapi, answer.json()["request_uri"])))


def test_par_attempt_to_use_request_uri_for_different_client(suite: Suite, fapi: RelyingParty) -> None:
    other = suite.register("fapi2")
    refused(suite.browser().open(pushed_url(suite, other, push(fapi))))


def test_par_authorization_request_containing_request_uri_form_param(fapi: RelyingParty) -> None:
    answer = fapi.push(fapi.params(request_uri="urn:ietf:params:oauth:request_uri:x"))
    check_error_answer(answer, "invalid_request")


def test_par_attempt_invalid_http_method(suite: Suite) -> None:
    endpoint = suite.op.metadata["pushed_authorization_request_endpoint"]
    for method in ("GET", "PUT"):
        assert suite.op.http.request(method, endpoint).status_code == 405


def test_par_ensure_pkce_required(fapi: RelyingParty) -> None:
    answer = fapi.push(fapi.params(code_challenge=None, code_challenge_method=None))
    check_error_answer(answer, "invalid_request")


def test_par_plain_pkce_rejected(fapi: RelyingParty) -> None:
    verifier = secrets.token_urlsafe(48)
    for method in ("plain", None):
        answer = fapi.push(fapi.params(code_challenge=verifier, code_challenge_method=method))
        check_error_answer(answer, "invalid_request")


def test_par_without_duplicate_parameters(suite: Suite, fapi: RelyingParty) -> None:
    endpoint = suite.op.metadata["pushed_authorization_request_endpoint"]
    fields = [*fapi.params().items(), *fapi.credentials().items(), ("state", "lan-hai")]
    answer = suite.op.http.post(
        endpoint, content=urlencode(fields), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    check_error_answer(answer, "invalid_request")


def test_the_request_uri_is_random(fapi: RelyingParty) -> None:
    check_random(push(fapi).rpartition(":")[2], "request_uri")


def test_the_challenge_is_bound_to_what_was_pushed(suite: Suite, fapi: RelyingParty) -> None:
    """A code_challenge beside request_uri changes nothing."""
    request_uri = push(fapi)
    browser = suite.browser()
    beside = {"code_challenge": s256(secrets.token_urlsafe(48)), "code_challenge_method": "S256"}
    back = suite.arrive(suite.walk(browser, browser.open(pushed_url(suite, fapi, request_uri, **beside))))
    assert suite.redeem(fapi, back).claims["sub"]
