"""The provider for tests keeps the real one's rules."""

import secrets
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from idp.errors import InvalidClientMetadata, InvalidRedirectUri
from idp.testing.clients import SampleClient
from idp.testing.provider import SampleProvider


@pytest.fixture(scope="module")
def running(redis_url: str) -> Iterator[SampleProvider]:
    with SampleProvider(redis_url=redis_url) as provider:
        yield provider


def assertion(client: SampleClient, issuer: str) -> str:
    assert client.jwks is not None
    key = ECKey.import_key(client.jwks["keys"][0])
    now = int(time.time())
    claims = {"iss": client.client_id, "sub": client.client_id, "aud": issuer, "iat": now, "exp": now + 60,
              "jti": secrets.token_urlsafe(16)}  # fmt: skip
    header = {"alg": "ES256", "kid": key.kid, "typ": "client-authentication+jwt"}
    return jwt.encode(header, claims, key)


def pushed(running: SampleProvider, client: SampleClient) -> httpx.Response:
    form = {
        "client_id": client.client_id, "response_type": "code", "scope": "openid", "state": "s" * 22,
        "redirect_uri": client.metadata["redirect_uris"][0], "code_challenge_method": "S256",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(client, running.issuer),
    }  # fmt: skip
    return httpx.post(f"{running.issuer}/par", data=form, trust_env=False)


def test_a_fapi2_client_pushes_its_request_and_gets_a_code(running: SampleProvider) -> None:
    client = running.register("fapi2")
    answer = pushed(running, client)
    assert answer.status_code == 201, answer.text
    query = urlencode({"client_id": client.client_id, "request_uri": answer.json()["request_uri"]})
    back = running.log_in(f"{running.issuer}/authorize?{query}", running.person())
    params = parse_qs(urlsplit(back).query)
    assert params["state"] == ["s" * 22]
    assert params["iss"] == [running.issuer]
    assert params["code"]


def test_a_fapi2_client_that_does_not_push_is_refused_as_it_will_be(running: SampleProvider) -> None:
    client = running.register("fapi2")
    query = urlencode({"client_id": client.client_id, "response_type": "code", "scope": "openid",
                       "redirect_uri": client.metadata["redirect_uris"][0], "state": "s" * 22})  # fmt: skip
    back = running.log_in(f"{running.issuer}/authorize?{query}", running.person())
    assert "error=" in back
    assert "code=" not in back


@pytest.mark.parametrize(
    ("metadata", "refused"),
    [
        ({"redirect_uris": ["http://rp.example.gov.vn/cb"]}, InvalidRedirectUri),
        ({"redirect_uris": ["http://127.0.0.1.example.com/cb"]}, InvalidRedirectUri),
        ({"redirect_uris": ["http://127.0.0.1:1@example.com/cb"]}, InvalidRedirectUri),
        ({"grant_types": ["implicit"]}, InvalidClientMetadata),
        ({"redirect_url": ["http://127.0.0.1/cb"]}, InvalidClientMetadata),
    ],
)
def test_metadata_that_the_real_provider_refuses_is_refused(
    running: SampleProvider, metadata: dict[str, object], refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        running.register(**metadata)


def test_a_setting_cannot_give_it_another_issuer(redis_url: str) -> None:
    with SampleProvider(redis_url=redis_url, database_url="sqlite:///elsewhere.sqlite3") as provider:
        assert provider.services.settings.issuer == provider.issuer
        assert "elsewhere" not in provider.services.settings.database_url


def test_people_of_the_tests_say_so(running: SampleProvider) -> None:
    assert running.person(name="Phạm Thị Thật").name == "Phạm Thị Thật MẪU"
