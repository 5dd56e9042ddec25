"""POST /par (RFC 9126): who may push, what is refused at once, and what the address is worth."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc.jwk import ECKey

from tests.conformance.oidc.browser import Callback, Page
from tests.idp.grants.token_client import DPOP, TokenClient
from tests.idp.provider import ISSUER, Provider
from tests.idp.relying_party import (
    BASELINE,
    FAPI2,
    FIRST_PARTY,
    RelyingParty,
    log_in,
    new_person,
    open_browser,
    services_of,
)

PREFIX = "urn:ietf:params:oauth:request_uri:"


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return RelyingParty(provider, FAPI2)


def test_a_pushed_request_gets_an_address_that_nobody_guesses(rp: RelyingParty) -> None:
    first, second = rp.push(), rp.push()
    assert (first.status_code, first.content_type) == (201, "application/json")
    assert first.headers["Cache-Control"] == "no-store"
    assert first.json.keys() == {"request_uri", "expires_in"}
    assert first.json["request_uri"].startswith(PREFIX)
    assert len(first.json["request_uri"]) == len(PREFIX) + 43
    assert first.json["request_uri"] != second.json["request_uri"]
    assert first.json["expires_in"] == 90


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/callback"}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"request_uri": PREFIX + "x"}, "invalid_request"),
        ({"scope": "nothing-of-ours"}, "invalid_scope"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"authorization_details": "[{}]"}, "invalid_authorization_details"),
        ({"request": "not.a.jwt"}, "invalid_request_object"),
        ({"prompt": "none login"}, "invalid_request"),
    ],
)
def test_a_fault_is_told_at_once_and_not_to_a_person_later(
    rp: RelyingParty, changes: dict[str, Any], error: str
) -> None:
    answer = rp.push(**changes)
    assert (answer.status_code, answer.json["error"]) == (400, error)


def test_only_the_client_itself_pushes(provider: Provider, rp: RelyingParty) -> None:
    unauthenticated = provider.client.post("/par", data=rp.parameters())
    assert (unauthenticated.status_code, unauthenticated.json["error"]) == (401, "invalid_client")
    forged = rp.system.form(rp.system.assertion(key=ECKey.generate_key("P-256")), **rp.parameters())
    assert provider.client.post("/par", data=forged).status_code == 401
    another = RelyingParty(provider, FAPI2)
    mixed = another.system.form(**(another.parameters() | {"client_id": rp.client_id}))
    assert provider.client.post("/par", data=mixed).status_code == 401


def test_parameters_in_the_address_and_repeated_ones_are_refused(
    provider: Provider, rp: RelyingParty
) -> None:
    form = rp.system.form(**rp.parameters())
    assert provider.client.post("/par?scope=openid", data=form).status_code == 400
    twice = urlencode([*rp.system.form(**rp.parameters()).items(), ("scope", "openid email")])
    answer = provider.client.post("/par", data=twice, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert provider.client.get("/par").status_code == 405


def test_a_request_object_may_be_pushed_and_then_only_its_words_count(provider: Provider) -> None:
    rp = RelyingParty(provider, replace(FAPI2, require_signed_request_object=True))
    assert rp.push().json["error"] == "invalid_request"
    outside = rp.system.form(
        request=rp.request_object(state=None), state="only outside", scope="openid email"
    )
    answer = provider.client.post("/par", data=outside)
    assert answer.status_code == 201, answer.text
    request = services_of(provider).pushed.find(answer.json["request_uri"])
    assert request is not None
    assert (request.destination.state, request.scope) == ("", "openid")
    for changes in (
        {"redirect_uri": None},
        {"client_id": "other"},
        {"exp": None},
        {"aud": "https://x.example"},
    ):
        form = rp.system.form(request=rp.request_object(**changes), **rp.parameters())
        assert provider.client.post("/par", data=form).status_code == 400


def test_another_client_cannot_use_the_address(provider: Provider, rp: RelyingParty) -> None:
    request_uri = rp.push().json["request_uri"]
    thief = RelyingParty(provider, FAPI2)
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    page = browser.open(thief.address_of(request_uri))
    assert isinstance(page, Page)
    assert (page.status, "request_uri_unknown" in page.text) == (400, True)
    missing = browser.open(f"{ISSUER}/authorize?request_uri={request_uri}")
    assert isinstance(missing, Page)
    assert missing.status == 400


def test_what_stands_beside_the_address_changes_nothing(provider: Provider) -> None:
    """RFC 9101 §6.3: neither state, nor redirect_uri, nor scope of the query count."""
    rp = RelyingParty(provider, replace(FIRST_PARTY, profile="fapi2"))
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    beside = urlencode(
        {"state": "evil", "redirect_uri": "https://evil.example/", "scope": "openid email", "prompt": "login"}
    )
    answer = browser.open(rp.pushed_address() + "&" + beside)
    assert isinstance(answer, Callback)
    assert answer.url.startswith(rp.redirect_uri)
    assert answer.params["state"] == f"state-of-{rp.client_id}"


def test_a_made_up_address_is_not_known(provider: Provider, rp: RelyingParty) -> None:
    page = open_browser(provider).open(rp.address_of(PREFIX + "A" * 43))
    assert isinstance(page, Page)
    assert page.status == 400


@pytest.mark.parametrize(
    "request_uri", ["https://evil.example/object", "http://127.0.0.1:6379/", "urn:other"]
)
def test_no_request_is_fetched_from_elsewhere(provider: Provider, request_uri: str) -> None:
    """SSRF: the address is refused before anything is opened, and the relying party is told."""
    rp = RelyingParty(provider, BASELINE)
    answer = open_browser(provider).open(rp.address(request_uri=request_uri))
    assert isinstance(answer, Callback)
    assert answer.params["error"] == "request_uri_not_supported"


def test_a_fapi_client_that_does_not_push_is_told_so(provider: Provider, rp: RelyingParty) -> None:
    for address in (rp.address(), rp.address(request=rp.request_object())):
        answer = open_browser(provider).open(address)
        assert isinstance(answer, Callback)
        assert answer.params["error"] == "invalid_request"


def test_a_signed_request_by_value_wins_over_the_query(provider: Provider) -> None:
    """oidcc-ensure-request-object-with-redirect-uri."""
    rp = RelyingParty(provider, FIRST_PARTY)
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    signed = rp.request_object(state="signed")
    answer = browser.open(rp.address(request=signed, state="query", redirect_uri="https://evil.example/"))
    assert isinstance(answer, Callback)
    assert answer.url.startswith(rp.redirect_uri)
    assert answer.params["state"] == "signed"


def test_a_request_object_with_a_jti_is_answered_once(provider: Provider) -> None:
    rp = RelyingParty(provider, FIRST_PARTY)
    signed = rp.request_object(jti="once")
    answers = []
    for _ in range(2):
        browser = open_browser(provider)
        log_in(provider, browser, new_person(provider))
        answers.append(browser.open(rp.address(request=signed)))
    assert all(isinstance(answer, Callback) for answer in answers)
    assert ["error" in answer.params for answer in answers if isinstance(answer, Callback)] == [False, True]


def test_an_unsigned_request_object_is_refused(provider: Provider) -> None:
    """oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported."""
    rp = RelyingParty(provider, BASELINE)
    unsigned = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCBlbWFpbCJ9."
    answer = open_browser(provider).open(rp.address(request=unsigned))
    assert isinstance(answer, Callback)
    assert answer.params["error"] == "invalid_request_object"


def test_a_proof_at_the_pushed_request_binds_the_code_to_its_key(
    provider: Provider, rp: RelyingParty
) -> None:
    """RFC 9449 §10.1; ensure-dpopproof-at-par-endpoint-binding-success, ensure-mismatched-dpop-jkt-fails."""
    prover = TokenClient(provider, DPOP, dpop=True)
    key = prover.dpop
    assert key is not None
    answer = rp.push(proof=prover.proof(path="/par"))
    assert answer.status_code == 201, answer.text
    request = services_of(provider).pushed.find(answer.json["request_uri"])
    assert request is not None
    assert request.dpop_jkt == key.thumbprint()
    assert rp.push(proof=prover.proof(path="/par"), dpop_jkt=key.thumbprint()).status_code == 201
    other = ECKey.generate_key("P-256").thumbprint()
    mismatched = rp.push(proof=prover.proof(path="/par"), dpop_jkt=other)
    assert (mismatched.status_code, mismatched.json["error"]) == (400, "invalid_request")


def test_a_wrong_or_used_proof_is_refused(provider: Provider, rp: RelyingParty) -> None:
    prover = TokenClient(provider, DPOP, dpop=True)
    used = prover.proof(path="/par")
    assert rp.push(proof=used).status_code == 201
    for proof in (used, prover.proof(path="/token"), prover.proof(path="/par", htm="GET"), "x.y.z"):
        answer = rp.push(proof=proof)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")
