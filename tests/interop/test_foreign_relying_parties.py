"""openid-client and oauth4webapi, certified relying parties that nobody here wrote, log in here."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import RSAKey

from tests.conformance.oidc.browser import Page
from tests.conformance.oidc.relying_party import RelyingParty
from tests.conformance.oidc.suite import Suite
from tests.interop.foreign import ForeignParty

pytestmark = pytest.mark.interop
AFTERWARDS = "https://rp.example.gov.vn/sau"


@pytest.fixture
def suite(oidc_suite: Suite) -> Iterator[Suite]:
    yield oidc_suite
    oidc_suite.close_browsers()


def settings(suite: Suite, party: RelyingParty, **changes: Any) -> dict[str, Any]:
    """What the script is told of a registered client."""
    private = party.key.as_dict(private=True)
    told = {
        "issuer": suite.op.issuer, "client_id": party.client_id, "jwk": private, "kid": party.kid,
        "alg": "PS256" if isinstance(party.key, RSAKey) else "ES256", "redirect_uri": party.redirect_uri,
        "post_logout_redirect_uri": AFTERWARDS, "scope": "openid profile email offline_access",
        "auth": party.auth, "secret": party.secret, "parameters": {"prompt": "consent"},
    }  # fmt: skip
    return told | changes


def log_in(suite: Suite, script: str, told: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    browser = suite.browser()
    with ForeignParty(script, suite.front.certificate, told) as foreign:
        started = foreign.hear()
        back = suite.arrive(suite.walk(browser, browser.open(started["authorization_url"])))
        return foreign.return_to(back.url), browser


@pytest.mark.parametrize("signed_request", [False, True], ids=["plain", "signed request object"])
@pytest.mark.parametrize("jarm", [False, True], ids=["query", "JARM"])
def test_openid_client_with_fapi_2(suite: Suite, *, jarm: bool, signed_request: bool) -> None:
    """PAR, private_key_jwt, DPoP, refresh, userinfo, revocation; with and without JAR and JARM."""
    party = suite.register(
        "fapi2",
        post_logout_redirect_uris=(AFTERWARDS,),
        authorization_signed_response_alg="ES256" if jarm else "",
        require_signed_request_object=signed_request,
    )
    metadata = {"authorization_signed_response_alg": "ES256"} if jarm else {}
    told = settings(
        suite, party, par=True, dpop=True, jarm=jarm, signed_request=signed_request, revoke=True,
        client_metadata={**metadata, "id_token_signed_response_alg": "ES256"},
    )  # fmt: skip
    got, _ = log_in(suite, "relying_party.mjs", told)
    assert got["token_type"].lower() == "dpop"
    assert got["userinfo"]["sub"] == got["claims"]["sub"]
    assert got["userinfo"]["email"] == "lan.mau@example.com"
    assert got["refreshed"]["rotated"] is False
    assert got["refreshed"]["claims"]["auth_time"] == got["claims"]["auth_time"]
    assert got["revoked"] == "invalid_grant"


def test_openid_client_with_an_rsa_key(suite: Suite) -> None:
    party = suite.register("fapi2", key=RSAKey.generate_key(2048), post_logout_redirect_uris=(AFTERWARDS,))
    told = settings(
        suite, party, par=True, dpop=True, client_metadata={"id_token_signed_response_alg": "ES256"}
    )
    got, _ = log_in(suite, "relying_party.mjs", told)
    assert got["claims"]["sub"]


def test_openid_client_with_a_secret_gets_a_fresh_refresh_token_each_time(suite: Suite) -> None:
    party = suite.register(
        "baseline", auth="client_secret_basic", post_logout_redirect_uris=(AFTERWARDS,),
        id_token_signed_response_alg="RS256",
    )  # fmt: skip
    got, _ = log_in(suite, "relying_party.mjs", settings(suite, party, jwk=None))
    assert got["refreshed"]["rotated"] is True


def test_openid_client_logs_out(suite: Suite) -> None:
    """The address that it builds logs the person out and leads back to it."""
    party = suite.register("fapi2", post_logout_redirect_uris=(AFTERWARDS,))
    told = settings(
        suite, party, par=True, dpop=True, client_metadata={"id_token_signed_response_alg": "ES256"}
    )
    got, browser = log_in(suite, "relying_party.mjs", told)
    answer = browser.open(got["end_session_url"])
    if isinstance(answer, Page) and (found := answer.form_with_button("logout-confirm")):
        answer = browser.submit(answer, *found)
    back = suite.follow_logout(browser, answer)
    assert dict(parse_qsl(urlsplit(back.url).query))["state"] == "sau-khi-dang-xuat"
    silent = browser.open(party.authorization_url(prompt="none"))
    assert suite.arrive(silent).params["error"] == "login_required"


def test_oauth4webapi_checks_every_step_of_fapi_2(suite: Suite) -> None:
    party = suite.register("fapi2")
    algorithm = {"id_token_signed_response_alg": "ES256"}
    told = settings(suite, party, client_metadata=algorithm, scope="openid profile")
    got, _ = log_in(suite, "foundation.mjs", told)
    assert got["userinfo"]["name"] == "Nguyễn Thị Lan MẪU"
