"""Registering at the provider under test: an initial access token, a sound request, the answers."""

from typing import Any

from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from idp.protocol.client_metadata import BASELINE, FAPI2
from idp.store.initial_access_tokens import issue_initial_access
from tests.idp.provider import Provider

SCOPES = ("openid", "profile", "email", "offline_access")


def initial_token(provider: Provider, **changes: Any) -> str:
    now = int(provider.clock().timestamp())
    values: dict[str, Any] = {
        "label": "Sở MẪU",
        "issued_by": "admin",
        "expires_at": now + 3600,
        "uses": 10,
        "profile": FAPI2,
        "profile_until": 0,
        "agency": "H47.12",
        "scopes": SCOPES,
    }
    with provider.database.writing() as connection:
        return issue_initial_access(connection, **{**values, **changes}, now=now)[1]


def baseline_token(provider: Provider, **changes: Any) -> str:
    until = int(provider.clock().timestamp()) + 90 * 86400
    return initial_token(provider, profile=BASELINE, profile_until=until, agency="", **changes)


def public_jwk(kid: str = "k1") -> dict[str, Any]:
    return {**ECKey.generate_key("P-256").as_dict(private=False), "kid": kid}


def sound(**changes: Any) -> dict[str, Any]:
    """A request that a careful integrator would send; None takes a member away."""
    body = {
        "client_name": "Một cửa MẪU",
        "redirect_uris": ["https://motcua.example.gov.vn/cb"],
        "post_logout_redirect_uris": ["https://motcua.example.gov.vn/bye"],
        "backchannel_logout_uri": "https://motcua.example.gov.vn/logout",
        "contacts": ["mau@example.gov.vn"],
        "jwks": {"keys": [public_jwk()]},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def post(provider: Provider, token: str, body: Any) -> TestResponse:
    return provider.client.post("/register", json=body, headers=bearer(token))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def registered(provider: Provider, **changes: Any) -> dict[str, Any]:
    answer = post(provider, initial_token(provider), sound(**changes))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json
    return told
