"""The token endpoint: what a system gets (RFC 6749 §4.4, RFC 9068, RFC 8707, RFC 9396)."""

from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from tests.idp.provider import ISSUER, SIGNING, Provider, System, details, parts
from tests.idp.software_keys import SoftwareKeys


def test_a_token_says_what_rfc_9068_asks(provider: Provider, system: System) -> None:
    answer = provider.token(system, scope="sign")
    assert answer.status_code == 200
    body = answer.json
    token = body.pop("access_token")
    assert body == {"token_type": "Bearer", "expires_in": 300, "scope": "sign"}
    header, claims = parts(token)
    now = int(provider.clock().timestamp())
    assert header == {"alg": "ES256", "kid": "es-1", "typ": "at+jwt"}
    assert len(claims.pop("jti")) >= 22
    assert claims == {
        "iss": ISSUER,
        "sub": system.client_id,
        "client_id": system.client_id,
        "aud": SIGNING,
        "iat": now,
        "exp": now + 300,
        "scope": "sign",
    }


def test_a_token_verifies_with_the_published_keys(provider: Provider, system: System) -> None:
    keys = KeySet.import_key_set(provider.client.get("/jwks").json)
    verified = jws.deserialize_compact(provider.issue(system), keys, algorithms=["ES256"])
    assert orjson.loads(verified.payload)["client_id"] == system.client_id


def test_a_client_may_be_registered_for_rs256(provider: Provider) -> None:
    """A compatibility mode, by client, for verifiers that know nothing else."""
    system = provider.register(token_algorithm="RS256")
    token = provider.issue(system)
    assert parts(token)[0]["alg"] == "RS256"
    keys = KeySet.import_key_set(provider.client.get("/jwks").json)
    jws.deserialize_compact(token, keys, algorithms=["RS256"])


def test_two_tokens_never_share_a_jti(provider: Provider, system: System) -> None:
    assert len({parts(provider.issue(system))[1]["jti"] for _ in range(5)}) == 5


def test_answers_are_not_stored(provider: Provider, system: System) -> None:
    for answer in (provider.token(system), provider.token(system, scope="admin")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.content_type == "application/json"


def test_scope_is_what_was_registered(provider: Provider, system: System) -> None:
    assert provider.token(system).json["scope"] == "sign read"
    assert provider.token(system, scope="read sign").json["scope"] == "sign read"
    for asked in ("admin", "sign admin", "SIGN", "sign  read", " sign", 'sign"', "sign\nread"):
        answer = provider.token(system, scope=asked)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope"), asked


def test_a_client_without_scopes_gets_a_token_without_scope(provider: Provider) -> None:
    answer = provider.token(provider.register(scopes=()))
    assert "scope" not in answer.json
    assert "scope" not in parts(answer.json["access_token"])[1]


def test_resource_becomes_the_audience(provider: Provider) -> None:
    system = provider.register(resources=(SIGNING, "https://other.example.gov.vn/api"))
    token = provider.issue(system, resource="https://other.example.gov.vn/api")
    assert parts(token)[1]["aud"] == "https://other.example.gov.vn/api"
    for asked in ("https://attacker.example", f"{SIGNING}/", SIGNING.upper(), "relative"):
        answer = provider.token(system, resource=asked)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_target"), asked
    # Two are registered, so one must be named …
    assert provider.token(system).json["error"] == "invalid_target"
    # … and only one: a token with two audiences could be carried from one to the other.
    form = [*provider_form(system), ("resource", SIGNING), ("resource", "https://other.example.gov.vn/api")]
    answer = provider.client.post(
        "/token", data=encode(form), content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_target")


def test_authorization_details_stand_in_token_and_answer(provider: Provider, system: System) -> None:
    asked = details("cred-1", bytes(32), bytes([1]) * 32)
    answer = provider.token(system, authorization_details=orjson.dumps(asked).decode())
    assert answer.status_code == 200
    assert answer.json["authorization_details"] == asked
    assert parts(answer.json["access_token"])[1]["authorization_details"] == asked


def test_a_hundred_documents_fit_in_one_token(provider: Provider, system: System) -> None:
    asked = details("cred-1", *(bytes([n]) * 32 for n in range(100)), label="Quyết định về việc " + "ố" * 100)
    answer = provider.token(system, authorization_details=orjson.dumps(asked).decode())
    assert answer.status_code == 200, answer.text


def test_a_spent_budget_answers_429_with_retry_after(
    tmp_path: Any, redis_url: str, shared_keys: SoftwareKeys
) -> None:
    provider = Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target, token_rate="3/minute")
    system, other = provider.register(), provider.register()
    assert [provider.token(system).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = provider.token(system)
    assert answer.json["error"] == "temporarily_unavailable"
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    # It is the client's own budget …
    assert provider.token(other).status_code == 200
    # … which nobody else can use up, by asking in its name.
    for _ in range(5):
        assert provider.token(other, other.assertion(key=system.key)).status_code == 401
    assert provider.token(other).status_code == 200
    provider.clock.pass_(minutes=1)
    assert provider.token(system).status_code == 200


@pytest.mark.parametrize("grant_type", ["password", "implicit", 'x"y', "é"])
def test_other_grants_are_unsupported(provider: Provider, system: System, grant_type: str) -> None:
    answer = provider.token(system, grant_type=grant_type)
    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")


def test_error_descriptions_keep_to_the_charset_of_rfc_6749(provider: Provider, system: System) -> None:
    for answer in (
        provider.token(system, scope="é"),
        provider.token(system, resource="é"),
        provider.token(system, authorization_details="é"),
        provider.token(system, system.assertion(aud="é")),
    ):
        assert set(answer.json) <= {"error", "error_description", "error_uri"}
        text = answer.json["error_description"]
        assert all(" " <= letter <= "~" and letter not in '"\\' for letter in text)


def provider_form(system: System) -> list[tuple[str, str]]:
    return list({"grant_type": "client_credentials", **system.form()}.items())


def encode(pairs: list[tuple[str, str]]) -> str:
    from urllib.parse import urlencode  # noqa: PLC0415

    return urlencode(pairs)
