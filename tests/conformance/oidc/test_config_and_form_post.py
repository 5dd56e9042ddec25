"""oidcc-config-certification-test-plan and oidcc-formpost-basic-certification-test-plan."""

import re

import pytest

from tests.conformance.oidc.browser import Callback, Page
from tests.conformance.oidc.checks import check_error_callback, check_random
from tests.conformance.oidc.relying_party import RelyingParty
from tests.conformance.oidc.suite import Suite
from tests.conformance.oidc.test_basic import NOT_SILENT

LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
# RFC 8414, OpenID Connect Discovery and the extensions' own registrations; anything else is a warning.
KNOWN_MEMBERS = re.compile(
    r"issuer|.*_endpoint|jwks_uri|.*_supported|require_.*|tls_client_certificate_bound_access_tokens"
    r"|mtls_endpoint_aliases|op_policy_uri|op_tos_uri|service_documentation"
)


def test_oidcc_discovery_endpoint_verification(suite: Suite) -> None:
    """Also ``oidcc-discovery-endpoint-verification`` of the dynamic plan."""
    metadata = suite.op.discover()
    assert metadata["issuer"].startswith("https://")
    assert [name for name in metadata if not KNOWN_MEMBERS.fullmatch(name)] == []
    assert metadata["response_types_supported"] == ["code"]
    assert set(metadata["subject_types_supported"]) <= {"pairwise", "public"}
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "none" not in metadata["id_token_signing_alg_values_supported"]
    assert metadata["userinfo_signing_alg_values_supported"]
    assert metadata["claims_supported"]
    assert {"authorization_code", "refresh_token"} <= set(metadata["grant_types_supported"])
    assert "openid" in metadata["scopes_supported"]
    assert all(SCOPE.fullmatch(scope) for scope in metadata["scopes_supported"])
    for tag in (*metadata["ui_locales_supported"], *metadata.get("claims_locales_supported", [])):
        assert LANGUAGE_TAG.fullmatch(tag), tag
    assert isinstance(metadata["code_challenge_methods_supported"], list)
    for name, value in metadata.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith("https://"), name
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "registration_endpoint"):
        assert metadata[name]
    for key in suite.op.keys().keys:
        assert key.as_dict(private=False).keys().isdisjoint({"d", "p", "q", "dp", "dq", "qi"})


def test_what_discovery_says_is_what_answers(suite: Suite) -> None:
    """Every endpoint that is named is there: nothing answers with 404."""
    for name, value in suite.op.metadata.items():
        if name.endswith("_endpoint"):
            assert suite.op.http.get(value).status_code != 404, name


# ---- form post


def test_oidcc_formpost_server(suite: Suite, basic: RelyingParty) -> None:
    back = suite.arrive(suite.log_in(suite.browser(), basic, response_mode="form_post"))
    assert back.mode == "form_post"
    assert set(back.params) == {"code", "state", "iss"}
    check_random(back.params["code"], "code")
    assert suite.redeem(basic, back).claims["sub"]


def test_oidcc_formpost_the_page_sends_itself_without_an_inline_script(
    suite: Suite, basic: RelyingParty
) -> None:
    """And has a button for a browser without scripts; nothing of it may be cached or framed."""
    shown: list[Page] = []
    browser = suite.browser()
    browser.on_page = shown.append
    suite.arrive(suite.walk(browser, browser.open(basic.authorization_url(response_mode="form_post"))))
    page = shown[-1]
    assert "onload" not in page.text
    assert "<script>" not in page.text
    assert "no-store" in page.headers["cache-control"]
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert basic.redirect_uri.rpartition("/")[0] in policy
    assert page.forms[0].buttons


@pytest.mark.parametrize("prompt", ["none", "create khong-co"])
def test_oidcc_formpost_errors_are_posted_too(suite: Suite, basic: RelyingParty, prompt: str) -> None:
    back = suite.browser().open(basic.authorization_url(prompt=prompt, response_mode="form_post"))
    assert isinstance(back, Callback)
    assert back.mode == "form_post"
    check_error_callback(
        dict(back.params), *NOT_SILENT, "invalid_request", issuer=suite.op.issuer, state=basic.sent["state"]
    )


def test_oidcc_formpost_prompt_none_logged_in(suite: Suite, basic: RelyingParty) -> None:
    browser = suite.browser()
    first = suite.complete(browser, basic, response_mode="form_post")
    back = suite.arrive(browser.open(basic.authorization_url(prompt="none", response_mode="form_post")))
    assert suite.redeem(basic, back).claims["sub"] == first.claims["sub"]


def test_oidcc_formpost_a_state_of_markup_stays_text(suite: Suite, basic: RelyingParty) -> None:
    state = "\"><script>alert(1)</script>&amp;'"
    back = suite.arrive(suite.log_in(suite.browser(), basic, response_mode="form_post", state=state))
    assert back.params["state"] == state
