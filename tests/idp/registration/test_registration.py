"""RFC 7591: what is registered, what is refused, and what a client cannot give itself."""

from typing import Any

import pytest

from idp.store.clients import find_registration
from tests.idp.provider import Provider
from tests.idp.registration.desk import (
    SCOPES,
    baseline_token,
    initial_token,
    post,
    public_jwk,
    registered,
    sound,
)


def test_a_client_registers_and_is_told_everything(provider: Provider) -> None:
    answer = post(
        provider, initial_token(provider), sound(initiate_login_uri="https://motcua.example.gov.vn/go")
    )
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert told["client_id_issued_at"] == int(provider.clock().timestamp())
    assert told["registration_client_uri"].endswith(f"/register/{told['client_id']}")
    assert told["initiate_login_uri"] == "https://motcua.example.gov.vn/go"
    assert told["redirect_uris"] == ["https://motcua.example.gov.vn/cb"]
    assert told["scope"] == " ".join(SCOPES)
    assert told["token_endpoint_auth_method"] == "private_key_jwt"
    assert told["require_pushed_authorization_requests"] is True
    assert told["dpop_bound_access_tokens"] is True
    assert told["profile"] == "fapi2"
    assert "client_secret" not in told
    assert "secret_hash" not in told


def test_a_baseline_client_gets_the_defaults_of_the_standard_and_a_secret_that_ends(
    provider: Provider,
) -> None:
    told = post(provider, baseline_token(provider), {"redirect_uris": ["https://rp.example.gov.vn/cb"]}).json
    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told["id_token_signed_response_alg"] == "RS256"
    assert told["grant_types"] == ["authorization_code"]
    assert told["client_secret_expires_at"] == int(provider.clock().timestamp()) + 180 * 86400
    assert told["profile_until"]
    with provider.database.reading() as connection:
        registration = find_registration(connection, told["client_id"])
    assert registration is not None
    now = int(provider.clock().timestamp())
    assert registration.metadata.takes_secret(told["client_secret"], now)
    assert not registration.metadata.takes_secret(told["client_secret"], told["client_secret_expires_at"])
    assert told["client_secret"] not in str(registration)


@pytest.mark.parametrize("token", ["", "iat_unknown", "x" * 500])
def test_without_an_initial_access_token_nobody_registers(provider: Provider, token: str) -> None:
    answer = post(provider, token, sound())
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_an_initial_access_token_has_so_many_uses_and_an_end(provider: Provider) -> None:
    once = initial_token(provider, uses=1)
    assert post(provider, once, sound()).status_code == 201
    assert post(provider, once, sound()).status_code == 401
    ends = initial_token(provider)
    provider.clock.pass_(seconds=3600)
    assert post(provider, ends, sound()).status_code == 401


def test_a_refused_registration_spends_nothing(provider: Provider) -> None:
    once = initial_token(provider, uses=1)
    assert post(provider, once, sound(redirect_uris=["http://x.example/"])).status_code == 400
    assert post(provider, once, sound()).status_code == 201


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("https://rp.example.gov.vn/cb#x", "web"),
        ("https://rp.example.gov.vn/cb#", "web"),
        ("https://*.example.gov.vn/cb", "web"),
        ("http://rp.example.gov.vn/cb", "web"),
        ("http://127.0.0.1/cb", "web"),
        ("http://localhost:80@evil.example/cb", "native"),
        ("https://user:pw@rp.example.gov.vn/cb", "web"),
        ("javascript:alert(1)", "native"),
        ("data:text/html,x", "native"),
        ("myapp:/cb", "native"),
        ("vn.gov.example:/cb", "web"),
        ("https:///cb", "web"),
        ("https://rp.example.gov.vn:99999/cb", "web"),
        ("/cb", "web"),
        ("https://rp.example.gov.vn/\u200bcb", "web"),
        ("https://rp.example.gov.vn\\@evil.example/", "web"),
        ("http://127.0.0.1.evil.example/cb", "native"),
    ],
)
def test_a_redirect_uri_that_leads_astray_is_refused(provider: Provider, uri: str, kind: str) -> None:
    answer = post(provider, initial_token(provider), sound(redirect_uris=[uri], application_type=kind))
    assert answer.status_code == 400
    assert answer.json["error"] in ("invalid_redirect_uri", "invalid_client_metadata")
    assert answer.json["error_description"].isascii()


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1/cb", "http://[::1]:8000/cb", "vn.gov.example.app:/cb", "https://a.example/x?y=z"],
)
def test_a_native_application_has_its_own_redirect_uris(provider: Provider, uri: str) -> None:
    assert registered(provider, redirect_uris=[uri], application_type="native")["redirect_uris"] == [uri]


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": "https://rp.example.gov.vn/cb"},
        {"redirect_uris": [1]},
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"grant_types": ["refresh_token"]},
        {"response_types": ["code id_token"]},
        {"response_types": ["token"]},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "none"},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"tls_client_auth_san_dns": "rp.example.gov.vn"},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "RS256"},
        {"id_token_signed_response_alg": "HS256"},
        {"request_object_signing_alg": "none"},
        {"id_token_encrypted_response_alg": "RSA1_5"},
        {"userinfo_encrypted_response_enc": "A256GCM"},
        {"subject_type": "secret"},
        {"default_acr_values": ["LoA9"]},
        {"default_max_age": -1},
        {"default_max_age": True},
        {"require_auth_time": "yes"},
        {"initiate_login_uri": "http://rp.example.gov.vn/go"},
        {"logo_uri": "http://rp.example.gov.vn/logo.png"},
        {"tos_uri": "javascript:alert(1)"},
        {"backchannel_logout_uri": "https://rp.example.gov.vn/x#y"},
        {"backchannel_logout_uri": None, "backchannel_logout_session_required": True},
        {"frontchannel_logout_uri": "https://other.example/out"},
        {"post_logout_redirect_uris": ["http://rp.example.gov.vn/bye"]},
        {"jwks": None},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {"jwks_uri": "https://rp.example.gov.vn/jwks"},
        {"scope": "openid admin"},
        {"scope": "scim"},
        {"client_name": "x" * 300},
        {"client_name": "a\u202eb"},
        {"redirect_uris": None},
        {"contacts": ["x"] * 51},
    ],
)  # fmt: skip
def test_metadata_that_is_not_sound_is_refused_with_what_to_do(
    provider: Provider, changes: dict[str, Any]
) -> None:
    answer = post(provider, initial_token(provider), sound(**changes))
    assert answer.status_code == 400, answer.text
    assert answer.json["error"] in ("invalid_client_metadata", "invalid_redirect_uri")
    assert len(answer.json["error_description"]) > 15


def test_a_private_key_is_refused(provider: Provider) -> None:
    jwk = public_jwk() | {"d": "AAAA"}
    answer = post(provider, initial_token(provider), sound(jwks={"keys": [jwk]}))
    assert answer.json["error"] == "invalid_client_metadata"
    assert "AAAA" not in answer.text


def test_a_software_statement_is_refused_by_its_own_name(provider: Provider) -> None:
    answer = post(provider, initial_token(provider), sound(software_statement="eyJ.e30.x"))
    assert answer.json["error"] == "unapproved_software_statement"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("first_party", True), ("claims_allowed", ["personal_number"]), ("minimum_acr", "LoA1"),
        ("profile", "baseline"), ("profile_until", 9999999999), ("agency", "H47"), ("secret_hash", "0" * 64),
        ("previous_secret_hash", "0" * 64),
    ],
)  # fmt: skip
def test_a_client_cannot_give_itself_what_administrators_decide(
    provider: Provider, name: str, wanted: Any
) -> None:
    """Mass assignment: the members exist in the record, and come from the administrator's token only."""
    told = registered(provider, **{name: wanted})
    with provider.database.reading() as connection:
        registration = find_registration(connection, told["client_id"])
    assert registration is not None
    kept = getattr(registration.metadata, name)
    assert kept != (tuple(wanted) if isinstance(wanted, list) else wanted)
    assert registration.resources == ()
    assert registration.credential_ids == ()


def test_a_client_cannot_name_itself_or_other_peoples_resources(provider: Provider) -> None:
    told = registered(
        provider, client_id="motcua", client_secret="x", resources=["https://sign"], credential_ids=["c"],
        introspects=["https://sign"],
    )  # fmt: skip
    assert told["client_id"] != "motcua"
    with provider.database.reading() as connection:
        registration = find_registration(connection, told["client_id"])
    assert registration is not None
    assert (registration.resources, registration.credential_ids, registration.introspects) == ((), (), ())


@pytest.mark.parametrize("body", ["[]", "{", '{"a":1,"a":2}', '"x"', "NaN", ""])
def test_a_body_that_is_not_one_json_object_is_refused(provider: Provider, body: str) -> None:
    answer = provider.client.post(
        "/register", data=body, content_type="application/json",
        headers={"Authorization": f"Bearer {initial_token(provider)}"},
    )  # fmt: skip
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_no_token_of_registration_reaches_the_log(provider: Provider) -> None:
    token = initial_token(provider)
    told = post(provider, token, sound()).json
    logged = provider.log.getvalue().decode()
    assert token not in logged
    assert told["registration_access_token"] not in logged
