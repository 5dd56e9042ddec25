"""The same as the console, for programs: /admin/v1."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.protocol.client_metadata import ClientMetadata
from tests.idp.provider import ISSUER, Provider
from tests.idp.registration.desk import bearer

RESOURCE = f"{ISSUER}/admin/v1"


@pytest.fixture
def token(provider: Provider) -> str:
    system = provider.register("console", scopes=("admin",), resources=(RESOURCE,))
    return provider.issue(system, resource=RESOURCE)


def call(provider: Provider, token: str, method: str, path: str, body: Any = None) -> TestResponse:
    return provider.client.open(f"/admin/v1{path}", method=method, json=body, headers=bearer(token))


def test_systems_are_listed_in_pages_with_their_findings(provider: Provider, token: str) -> None:
    for name in ("a", "b"):
        provider.register(name)
    first = call(provider, token, "GET", "/clients?limit=2").json
    assert [each["client_id"] for each in first["clients"]] == ["a", "b"]
    second = call(provider, token, "GET", f"/clients?limit=2&after={first['next']}").json
    assert [each["client_id"] for each in second["clients"]] == ["console"]
    assert "next" not in second
    findings = first["clients"][0]["findings"]
    assert {"no_contacts", "key_single"} <= {each["code"] for each in findings}


def test_a_secret_is_rotated_and_never_read(provider: Provider, token: str) -> None:
    metadata = ClientMetadata(token_endpoint_auth_method="client_secret_basic")
    client_id = provider.register(metadata=metadata).client_id
    made = call(provider, token, "POST", f"/clients/{client_id}/secret", {"days": 30})
    assert made.status_code == 200, made.text
    assert made.json["client_secret_expires_at"] == int(provider.clock().timestamp()) + 30 * 86400
    shown = call(provider, token, "GET", f"/clients/{client_id}")
    assert made.json["client_secret"] not in shown.text
    assert "hash" not in shown.text
    for body in ({"days": 400}, {"days": "30"}, {"secret": "mine"}, {"overlap_days": True}):
        refused = call(provider, token, "POST", f"/clients/{client_id}/secret", body)
        assert (refused.status_code, refused.content_type) == (400, "application/problem+json")


def test_a_disabled_system_gets_no_token(provider: Provider, token: str) -> None:
    other = provider.register(scopes=("read",))
    assert call(provider, token, "POST", f"/clients/{other.client_id}/disable").json["state"] == "disabled"
    assert provider.token(other).status_code == 401
    assert call(provider, token, "POST", f"/clients/{other.client_id}/enable").json["state"] == "active"
    assert provider.token(other).status_code == 200


def test_an_unknown_system_is_a_problem_with_a_type(provider: Provider, token: str) -> None:
    answer = call(provider, token, "GET", "/clients/nobody")
    assert (answer.status_code, answer.json["status"]) == (404, 404)
    limit = call(provider, token, "GET", "/clients?limit=0")
    assert limit.json["type"] == f"{ISSUER}/errors#invalid_request"


@pytest.mark.parametrize("path", ["/clients", "/clients/console", "/clients/console/disable"])
def test_without_the_scope_nobody_administers(provider: Provider, path: str) -> None:
    method = "POST" if path.endswith("disable") else "GET"
    assert call(provider, "", method, path).status_code == 401
    other = provider.register(scopes=("scim",), resources=(RESOURCE,))
    answer = call(provider, provider.issue(other, resource=RESOURCE), method, path)
    assert (answer.status_code, answer.json["type"]) == (403, f"{ISSUER}/errors#insufficient_scope")
    elsewhere = provider.register(scopes=("admin",))
    assert call(provider, provider.issue(elsewhere), method, path).status_code == 401
