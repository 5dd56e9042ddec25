"""How an answer travels: by the address, by a form, signed in a JWT (JARM), never in a fragment."""

import re
from dataclasses import replace

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.conformance.oidc.browser import Callback, Page
from tests.idp.provider import ISSUER, Provider
from tests.idp.relying_party import (
    FIRST_PARTY,
    REDIRECT_URI,
    RelyingParty,
    log_in,
    new_person,
    open_browser,
)

MODES = [None, "query", "form_post", "jwt", "query.jwt", "form_post.jwt"]


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return RelyingParty(provider, FIRST_PARTY)


def parameters_of(provider: Provider, rp: RelyingParty, answer: Page | Callback) -> dict[str, str]:
    """What the relying party reads, a signed answer verified as JARM §2.4 says."""
    assert isinstance(answer, Callback), answer
    if "response" not in answer.params:
        return dict(answer.params)
    assert answer.params.keys() == {"response"}
    keys = KeySet.import_key_set(provider.client.get("/jwks").json)
    token = jwt.decode(answer.params["response"], keys, algorithms=["ES256", "RS256"])
    assert token.header["typ"] == "oauth-authz-resp+jwt"
    claims = dict(token.claims)
    assert claims.pop("aud") == rp.client_id
    assert claims.pop("exp") == int(provider.clock().timestamp()) + 600
    return claims


@pytest.mark.parametrize("mode", MODES)
def test_success_and_refusal_travel_alike_and_name_the_issuer(
    provider: Provider, rp: RelyingParty, mode: str | None
) -> None:
    browser = open_browser(provider)
    refused = browser.open(rp.address(response_mode=mode, prompt="none"))
    log_in(provider, browser, new_person(provider))
    answered = browser.open(rp.address(response_mode=mode, prompt="none"))
    wrong = browser.open(rp.address(response_mode=mode, prompt="none login"))
    for answer in (refused, answered, wrong):
        assert isinstance(answer, Callback)
        assert answer.mode == ("form_post" if mode in ("form_post", "form_post.jwt") else "query")
        parameters = parameters_of(provider, rp, answer)
        assert parameters["iss"] == ISSUER
        assert parameters["state"] == f"state-of-{rp.client_id}"
    assert parameters_of(provider, rp, refused)["error"] == "login_required"
    assert parameters_of(provider, rp, wrong)["error"] == "invalid_request"
    assert len(parameters_of(provider, rp, answered)["code"]) == 43


def test_a_signed_answer_uses_the_algorithm_the_client_registered(provider: Provider) -> None:
    rp = RelyingParty(provider, replace(FIRST_PARTY, authorization_signed_response_alg="RS256"))
    browser = open_browser(provider)
    answer = browser.open(rp.address(response_mode="jwt", prompt="none"))
    assert isinstance(answer, Callback)
    keys = KeySet.import_key_set(provider.client.get("/jwks").json)
    assert jwt.decode(answer.params["response"], keys, algorithms=["RS256"]).claims["error"]


@pytest.mark.parametrize("mode", ["fragment", "fragment.jwt", "web_message"])
def test_no_answer_stands_in_a_fragment(provider: Provider, rp: RelyingParty, mode: str) -> None:
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    answer = browser.open(rp.address(response_mode=mode))
    assert isinstance(answer, Callback)
    assert answer.params["error"] == "invalid_request"
    assert "#" not in answer.url


def test_the_form_works_without_a_script_and_the_script_is_a_file(
    provider: Provider, rp: RelyingParty
) -> None:
    answer = provider.client.get(
        rp.address(response_mode="form_post", prompt="none", state='"><script>alert(1)</script>'),
        base_url=ISSUER,
    )
    assert answer.status_code == 200
    assert f'action="{REDIRECT_URI}"' in answer.text
    assert "<button" in answer.text
    assert "<script>" not in answer.text
    assert re.findall(r"<script src=\"([^\"]+)\"", answer.text) == ["/static/form_post.js"]
    with provider.client.get("/static/form_post.js") as script:
        assert script.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert REDIRECT_URI.removesuffix("/callback") in policy
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_redirect_is_303_and_keeps_the_registered_query(provider: Provider) -> None:
    """RFC 9700 §4.12: what was posted here is posted nowhere else."""
    uri = REDIRECT_URI + "?tenant=a%20b"
    rp = RelyingParty(provider, replace(FIRST_PARTY, redirect_uris=(uri,)))
    for answer in (
        provider.client.get(rp.address(prompt="none"), base_url=ISSUER),
        provider.client.get(rp.address(prompt="none login"), base_url=ISSUER),
    ):
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(uri + "&error=")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
