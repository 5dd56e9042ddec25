"""fapi2-message-signing-final-test-plan: what it adds, request objects at PAR and JARM."""

import secrets
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.conformance.oidc.checks import check_error_answer
from tests.conformance.oidc.relying_party import RelyingParty
from tests.conformance.oidc.suite import Suite
from tests.conformance.oidc.test_fapi2_authorization import pushed_url

HOUR = 3600


@pytest.fixture
def signing(suite: Suite) -> RelyingParty:
    return suite.register(
        "fapi2", require_signed_request_object=True, authorization_signed_response_alg="ES256"
    )


def push_signed(party: RelyingParty, signed: str, **beside: str) -> Any:
    return party.push({"client_id": party.client_id, "request": signed, **beside})


@pytest.mark.parametrize(
    "changes",
    [{}, {"aud": "several"}, {"nbf": 8}],
    ids=["sound", "multiple-aud", "nbf-8-seconds-in-the-future"],
)
def test_a_sound_request_object_is_taken(
    suite: Suite, signing: RelyingParty, changes: dict[str, Any]
) -> None:
    if changes.get("aud"):
        changes = {"aud": [suite.op.issuer, "https://other.example.gov.vn"]}
    if changes.get("nbf"):
        changes = {"nbf": int(time.time()) + 8}
    answer = push_signed(signing, signing.request_object(**changes))
    assert answer.status_code == 201, answer.text
    browser = suite.browser()
    suite.redeem(
        signing,
        suite.arrive(
            suite.walk(browser, browser.open(pushed_url(suite, signing, answer.json()["request_uri"])))
        ),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None}, {"nbf": None}, {"exp": -60}, {"aud": "https://other.example.gov.vn"},
        {"exp": HOUR + 120}, {"nbf": -HOUR - 120}, {"nbf": 75}, {"iss": "khac"}, {"client_id": "khac"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:x"}, {"request": "x.y.z"},
    ],
    ids=[
        "without-exp-fails", "without-nbf-fails", "expired-fails", "bad-aud-fails",
        "exp-over-60-minutes-fails",
        "nbf-over-60-minutes-ago-fails", "nbf-over-60-seconds-ahead-fails", "other-iss-fails",
        "other-client-id-fails",
        "containing-request-uri-fails", "containing-request-fails",
    ],
)  # fmt: skip
def test_an_unsound_request_object_is_refused(signing: RelyingParty, changes: dict[str, Any]) -> None:
    now = int(time.time())
    moved = {n: now + v if n in ("exp", "nbf") and v is not None else v for n, v in changes.items()}
    answer = push_signed(signing, signing.request_object(**moved))
    check_error_answer(answer, "invalid_request_object", "invalid_request")


@pytest.mark.parametrize("how", ["bad signature", "another client's key", "RS256", "alg none"])
def test_a_request_object_with_a_wrong_signature_is_refused(
    suite: Suite, signing: RelyingParty, how: str
) -> None:
    if how == "another client's key":
        signed = signing.request_object(key=suite.register("fapi2").key)
    elif how == "RS256":
        signed = signing.request_object(key=RSAKey.generate_key(2048), header={"alg": "RS256"})
    elif how == "alg none":
        signed = f"eyJhbGciOiJub25lIn0.{signing.request_object().split('.')[1]}."
    else:
        signed = signing.request_object(key=ECKey.generate_key("P-256"))
    check_error_answer(push_signed(signing, signed), "invalid_request_object")


def test_an_unsigned_request_at_par_fails(signing: RelyingParty) -> None:
    check_error_answer(signing.push(signing.params()), "invalid_request", "invalid_request_object")


def test_parameters_beside_the_request_object_are_not_used(suite: Suite, signing: RelyingParty) -> None:
    signed = signing.request_object()
    answer = push_signed(signing, signed, state="ben-ngoai", scope="openid profile")
    assert answer.status_code in (201, 400)
    if answer.status_code == 201:
        browser = suite.browser()
        start = browser.open(pushed_url(suite, signing, answer.json()["request_uri"]))
        got = suite.redeem(signing, suite.arrive(suite.walk(browser, start)))
        assert got.scope == "openid"


@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "form_post.jwt"])
def test_jarm_answers_are_signed_for_this_client(suite: Suite, mode: str) -> None:
    party = suite.register("fapi2", authorization_signed_response_alg="ES256")
    state = secrets.token_urlsafe(16)
    back = suite.arrive(suite.log_in(suite.browser(), party, response_mode=mode, state=state))
    assert set(back.params) == {"response"}
    assert back.mode == ("form_post" if mode == "form_post.jwt" else "query")
    decoded = jwt.decode(back.params["response"], suite.op.keys(), algorithms=["ES256"])
    claims = decoded.claims
    assert claims["iss"] == suite.op.issuer
    assert claims["aud"] == party.client_id
    assert 0 < claims["exp"] - time.time() <= 600
    assert claims["state"] == state
    assert suite.redeem(party, back, code=claims["code"]).claims["sub"]


def test_jarm_errors_are_signed_too(suite: Suite) -> None:
    party = suite.register("fapi2", authorization_signed_response_alg="ES256")
    back = suite.arrive(suite.browser().open(party.authorization_url(response_mode="jwt", prompt="none")))
    claims = jwt.decode(back.params["response"], suite.op.keys(), algorithms=["ES256"]).claims
    assert claims["error"] in ("login_required", "interaction_required")
    assert claims["state"] == party.sent["state"]
