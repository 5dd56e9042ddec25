"""fapi2-security-profile-final-test-plan, the token side. Named as the modules are (see the other file)."""

import secrets
import time
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.conformance.oidc.checks import check_error_answer, check_token_answer
from tests.conformance.oidc.relying_party import RelyingParty, s256, sign_jwt
from tests.conformance.oidc.suite import Suite


def code_of(suite: Suite, party: RelyingParty, **changes: Any) -> str:
    return str(suite.arrive(suite.log_in(suite.browser(), party, **changes)).params["code"])


def test_access_token_type_header_case_sensitivity(suite: Suite, fapi: RelyingParty) -> None:
    got = suite.complete(suite.browser(), fapi)
    endpoint = suite.op.metadata["userinfo_endpoint"]
    for scheme in ("DPoP", "dpop", "DPOP"):
        headers = {
            "Authorization": f"{scheme} {got.access_token}",
            "DPoP": fapi.proof("GET", endpoint, access_token=got.access_token),
        }
        assert suite.op.http.get(endpoint, headers=headers).status_code == 200


def test_check_dpop_proof_nbf_exp(suite: Suite, fapi: RelyingParty) -> None:
    """Claims that RFC 9449 does not know are no reason to refuse a proof that is fresh."""
    code = code_of(suite, fapi)
    now = int(time.time())
    proof = fapi.proof("POST", suite.op.metadata["token_endpoint"], nbf=now, exp=now + 60)
    check_token_answer(fapi.exchange(code, dpop=proof))


@pytest.mark.parametrize("seconds", [-10, 10])
def test_ensure_dpopproof_with_iat_10seconds_off_succeeds(
    suite: Suite, fapi: RelyingParty, seconds: int
) -> None:
    """ensure-dpopproof-with-iat-10seconds-before-succeeds, …-10seconds-after-succeeds"""
    code = code_of(suite, fapi)
    proof = fapi.proof("POST", suite.op.metadata["token_endpoint"], iat=int(time.time()) + seconds)
    check_token_answer(fapi.exchange(code, dpop=proof))


def test_ensure_client_id_in_token_endpoint(suite: Suite, fapi: RelyingParty) -> None:
    """Another client's id beside a sound assertion."""
    other = suite.register("fapi2")
    answer = fapi.exchange(code_of(suite, fapi), client_id=other.client_id)
    check_error_answer(answer, "invalid_client", "invalid_request", status=(400, 401))


def test_ensure_holder_of_key_required(suite: Suite, fapi: RelyingParty) -> None:
    check_error_answer(
        fapi.exchange(code_of(suite, fapi), dpop=None),
        "invalid_dpop_proof",
        "invalid_request",
        "invalid_grant",
    )


def test_ensure_authorization_code_is_bound_to_client(suite: Suite, fapi: RelyingParty) -> None:
    other = suite.register("fapi2")
    other.verifier = ""
    code = code_of(suite, fapi)
    answer = other.exchange(code, code_verifier=fapi.verifier, redirect_uri=fapi.redirect_uri)
    check_error_answer(answer, "invalid_grant")


def test_attempt_reuse_authorization_code_after_one_second(suite: Suite, fapi: RelyingParty) -> None:
    code = code_of(suite, fapi)
    check_token_answer(fapi.exchange(code))
    time.sleep(1)
    check_error_answer(fapi.exchange(code), "invalid_grant")


@pytest.mark.slow
def test_ensure_token_endpoint_fails_with_expired_auth_code(suite: Suite, fapi: RelyingParty) -> None:
    code = code_of(suite, fapi)
    time.sleep(61)
    check_error_answer(fapi.exchange(code), "invalid_grant")


def test_ensure_signed_client_assertion_with_RS256_fails(suite: Suite) -> None:  # noqa: N802
    party = suite.register("fapi2", key=RSAKey.generate_key(2048))
    code = code_of(suite, party)
    answer = party.exchange(code, assertion={"header": {"alg": "RS256"}})
    check_error_answer(answer, "invalid_client", status=(400, 401))


def test_ensure_client_assertion_in_token_endpoint(suite: Suite, fapi: RelyingParty) -> None:
    code = code_of(suite, fapi)
    fapi.auth = "none"
    check_error_answer(fapi.exchange(code), "invalid_client", "invalid_request", status=(400, 401))


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": -300},
        {"aud": "https://other.example.gov.vn"},
        {"sub": None},
        {"aud": "array"},
        {"aud": "pushed_authorization_request_endpoint"},
        {"aud": "token_endpoint"},
        {"nbf": 75},
    ],
    ids=[
        "with-exp-is-5-minutes-in-past-fails", "with-wrong-aud-fails", "with-no-sub-fails",
        "par-test-array-as-audience-fails", "par-test-par-endpoint-url-as-audience-fails",
        "par-test-token-endpoint-url-as-audience-fails", "nbf-over-60-seconds-in-the-future-fails",
    ],
)  # fmt: skip
def test_ensure_client_assertion(suite: Suite, fapi: RelyingParty, wrong: dict[str, Any]) -> None:
    """At the pushed authorization request endpoint and at the token endpoint."""
    now = int(time.time())
    wrong = {name: now + value if isinstance(value, int) else value for name, value in wrong.items()}
    if "aud" in wrong and wrong["aud"] == "array":
        wrong = {"aud": [suite.op.issuer, "https://other.example.gov.vn"]}
    elif wrong.get("aud") in suite.op.metadata:
        wrong = {"aud": suite.op.metadata[wrong["aud"]]}
    check_error_answer(fapi.push(fapi.params(), **wrong), "invalid_client", status=(400, 401))
    code = code_of(suite, fapi)
    check_error_answer(fapi.exchange(code, assertion=wrong), "invalid_client", status=(400, 401))


def test_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(fapi: RelyingParty) -> None:
    now = int(time.time())
    answer = fapi.push(fapi.params(), iat=now + 8, nbf=now + 8, exp=now + 68)
    assert answer.status_code == 201, answer.text


def test_refresh_token(suite: Suite, fapi: RelyingParty) -> None:
    """Tokens bound to a key are not rotated, so what was the previous one still works."""
    got = suite.complete(suite.browser(), fapi, scope="openid offline_access", prompt="consent")
    assert got.refresh_token
    first = check_token_answer(fapi.refresh(got.refresh_token))
    assert first.get("refresh_token", got.refresh_token) == got.refresh_token
    check_token_answer(fapi.refresh(got.refresh_token))
    fapi.dpop = ECKey.generate_key("P-256")
    if (
        fapi.auth == "private_key_jwt"
    ):  # RFC 9449 §5: a confidential client's refresh token is bound by its own key
        return
    check_error_answer(fapi.refresh(got.refresh_token), "invalid_grant", "invalid_dpop_proof")


def test_another_clients_refresh_token_is_refused(suite: Suite, fapi: RelyingParty) -> None:
    got = suite.complete(suite.browser(), fapi, scope="openid offline_access", prompt="consent")
    other = suite.register("fapi2")
    check_error_answer(other.refresh(got.refresh_token), "invalid_grant")


@pytest.mark.parametrize(
    "verifier", [None, "x" * 43], ids=["pkce-code-verifier-required", "incorrect-pkce-code-verifier-rejected"]
)
def test_ensure_pkce_code_verifier(suite: Suite, fapi: RelyingParty, verifier: str | None) -> None:
    check_error_answer(fapi.exchange(code_of(suite, fapi), code_verifier=verifier), "invalid_grant")


# ---- dpop-negative-tests: one module of the suite, a case each


def private_jwk(party: RelyingParty) -> dict[str, Any]:
    assert party.dpop is not None
    return {"jwk": party.dpop.as_dict(private=True)}


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({"typ": None}, {}),
        ({"typ": "JWT"}, {}),
        ({"jwk": None}, {}),
        ({}, {"jti": None}),
        ({}, {"htm": None}),
        ({}, {"htu": None}),
        ({}, {"iat": None}),
        ({}, {"htm": "GET"}),
        ({}, {"htu": "https://other.example.gov.vn/token"}),
        ({}, {"iat": -3600}),
        ({}, {"iat": 3600}),
        ("private", {}),
        ("other", {}),
    ],
    ids=[
        "no typ", "wrong typ", "no jwk", "no jti", "no htm", "no htu", "no iat", "wrong htm", "wrong htu",
        "iat an hour ago", "iat in an hour", "jwk with the private key", "bad signature",
    ],
)  # fmt: skip
def test_dpop_negative_tests_at_the_token_endpoint(
    suite: Suite, fapi: RelyingParty, header: Any, changes: dict[str, Any]
) -> None:
    changes = {
        name: int(time.time()) + value if name == "iat" and value else value
        for name, value in changes.items()
    }
    if header == "private":
        header = private_jwk(fapi)
    elif header == "other":
        header = {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}
    proof = fapi.proof("POST", suite.op.metadata["token_endpoint"], header=header, **changes)
    check_error_answer(fapi.exchange(code_of(suite, fapi), dpop=proof), "invalid_dpop_proof")


@pytest.mark.parametrize("algorithm", ["RS256", "none"])
def test_dpop_negative_tests_algorithms(suite: Suite, fapi: RelyingParty, algorithm: str) -> None:
    endpoint = suite.op.metadata["token_endpoint"]
    claims = {"jti": secrets.token_urlsafe(16), "htm": "POST", "htu": endpoint, "iat": int(time.time())}
    key = RSAKey.generate_key(2048)
    if algorithm == "none":
        head, body, _ = fapi.proof("POST", endpoint).split(".")
        proof = f"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6Im5vbmUifQ.{body}."
        assert head
    else:
        header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": key.as_dict(private=False)}
        proof = sign_jwt(claims, key, header)
    check_error_answer(fapi.exchange(code_of(suite, fapi), dpop=proof), "invalid_dpop_proof")


def test_dpop_negative_tests_malformed_and_doubled(suite: Suite, fapi: RelyingParty) -> None:
    code = code_of(suite, fapi)
    endpoint = suite.op.metadata["token_endpoint"]
    check_error_answer(fapi.exchange(code, dpop="khong.phai.jwt"), "invalid_dpop_proof")
    fields = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": fapi.redirect_uri,
        "code_verifier": fapi.verifier, **fapi.credentials(),
    }  # fmt: skip
    twice = [("DPoP", fapi.proof("POST", endpoint)), ("DPoP", fapi.proof("POST", endpoint))]
    check_error_answer(suite.op.http.post(endpoint, data=fields, headers=twice), "invalid_dpop_proof")


def test_dpop_htu_with_query_and_fragment_is_accepted(suite: Suite, fapi: RelyingParty) -> None:
    code = code_of(suite, fapi)
    proof = fapi.proof("POST", f"{suite.op.metadata['token_endpoint']}?a=b#c")
    check_token_answer(fapi.exchange(code, dpop=proof))


def test_dpop_a_proof_is_used_once(suite: Suite, fapi: RelyingParty) -> None:
    proof = fapi.proof("POST", suite.op.metadata["token_endpoint"])
    check_token_answer(fapi.exchange(code_of(suite, fapi), dpop=proof))
    check_error_answer(fapi.exchange(code_of(suite, fapi), dpop=proof), "invalid_dpop_proof")


@pytest.mark.parametrize("wrong", ["no ath", "wrong ath", "another key", "no proof", "as Bearer"])
def test_dpop_negative_tests_at_the_resource(suite: Suite, fapi: RelyingParty, wrong: str) -> None:
    got = suite.complete(suite.browser(), fapi)
    endpoint = suite.op.metadata["userinfo_endpoint"]
    proof = {
        "no ath": lambda: fapi.proof("GET", endpoint),
        "wrong ath": lambda: fapi.proof("GET", endpoint, ath=s256("khac")),
        "another key": lambda: fapi.proof(
            "GET", endpoint, access_token=got.access_token, key=ECKey.generate_key("P-256")
        ),
    }.get(wrong)
    scheme = "Bearer" if wrong == "as Bearer" else "DPoP"
    headers = {"Authorization": f"{scheme} {got.access_token}"} | ({"DPoP": proof()} if proof else {})
    answer = suite.op.http.get(endpoint, headers=headers)
    assert answer.status_code == 401
    assert "DPoP" in answer.headers["WWW-Authenticate"]
