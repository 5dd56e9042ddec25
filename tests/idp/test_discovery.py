"""The two public documents: metadata (RFC 8414) that is true, and the keys (RFC 7517)."""

from pathlib import Path

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from flask import Flask

from idp.app import create_app
from idp.settings import Settings
from tests.idp.provider import ISSUER, Provider
from tests.idp.software_keys import SoftwareKeys

PLACES = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]


@pytest.mark.parametrize("place", PLACES)
def test_the_metadata_is_sound_and_says_only_what_is_there(provider: Provider, place: str) -> None:
    answer = provider.client.get(place)
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    document = answer.json
    assert document["issuer"] == ISSUER
    metadata = AuthorizationServerMetadata(document)
    for name in metadata.REGISTRY_KEYS:
        getattr(metadata, f"validate_{name}")()
    assert document["response_types_supported"] == ["code"]
    assert document["grant_types_supported"] == [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ]
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["request_uri_parameter_supported"] is False
    algorithms = document["token_endpoint_auth_signing_alg_values_supported"]
    assert algorithms == ["ES256", "PS256", "EdDSA", "Ed25519"]


def test_every_endpoint_it_names_is_there(provider: Provider) -> None:
    document = provider.client.get(PLACES[0]).json
    named = [value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))]
    routes = {rule.rule for rule in provider.app.url_map.iter_rules()}
    assert len(named) >= 5
    assert all(url.removeprefix(ISSUER) in routes for url in named)


def test_an_issuer_with_a_path_has_its_endpoints_below_it(tmp_path: Path) -> None:
    """RFC 8414 §3.1 puts the well-known part before the path, OpenID Connect after it."""
    app: Flask = create_app(Settings(issuer=f"{ISSUER}/tinh", database_url=f"sqlite:///{tmp_path}/x"))
    client = app.test_client()
    for place in ("/tinh/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/tinh"):
        assert client.get(place).json["token_endpoint"] == f"{ISSUER}/tinh/token"
    assert client.post("/tinh/token").status_code == 400
    assert client.get("/token").status_code == 404


def test_the_keys_are_public_distinct_and_cacheable(provider: Provider) -> None:
    answer = provider.client.get("/jwks")
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    keys = answer.json["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) == 2
    assert {key["alg"] for key in keys} == {"ES256", "RS256"}
    for key in keys:
        # The stand-in hands out a "d" as well: it must stop here.
        assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"}
        assert key["use"] == "sig"


def test_unchanged_keys_are_not_sent_again(provider: Provider) -> None:
    first = provider.client.get("/jwks")
    again = provider.client.get("/jwks", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data


def test_old_keys_stay_published(tmp_path: Path, redis_url: str, own_keys: SoftwareKeys) -> None:
    """oidcc-server-rotate-keys."""
    provider = Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target)
    before = {key["kid"] for key in provider.client.get("/jwks").json["keys"]}
    own_keys.add_key("es-2", "ES256")
    after = (
        Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target).client.get("/jwks").json["keys"]
    )
    assert {key["kid"] for key in after} == before | {"es-2"}


def test_the_metadata_needs_nothing_but_this_process(tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/missing/x",
        redis_url="redis://127.0.0.1:1",
        key_process="unix:/nowhere",
    )
    client = create_app(settings).test_client()
    assert client.get(PLACES[0]).status_code == 200
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.headers["Retry-After"]
    assert ready.json == {
        "status": "unavailable",
        "key_process": "unavailable",
        "redis": "unavailable",
        "database": "unavailable",
    }


def test_ready_means_that_all_it_stands_on_answers(provider: Provider) -> None:
    answer = provider.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "key_process": "ok", "redis": "ok", "database": "ok"}
