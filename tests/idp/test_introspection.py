"""RFC 7662: active only for the resource server whose token it is, and only while it is true."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from idp.store.clients import change_state
from tests.idp.provider import ISSUER, SIGNING, Provider, System, details, parts
from tests.idp.software_keys import SoftwareKeys

INACTIVE = {"active": False}


@pytest.fixture
def signing(provider: Provider) -> System:
    """The signing service, as the resource server it is."""
    return provider.register("signsvc", scopes=(), resources=(), introspects=(SIGNING,))


def ask(provider: Provider, server: System, token: str, **fields: str) -> TestResponse:
    return provider.client.post("/introspect", data=server.form(token=token, **fields))


def test_an_active_token_is_told_to_its_resource_server(
    provider: Provider, system: System, signing: System
) -> None:
    asked = details()
    token = provider.issue(system, scope="sign", authorization_details=orjson.dumps(asked).decode())
    answer = ask(provider, signing, token)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    claims = parts(token)[1]
    assert answer.json == {"active": True, "token_type": "Bearer", **claims}
    assert answer.json["authorization_details"] == asked


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_the_hint_changes_nothing(provider: Provider, system: System, signing: System, hint: str) -> None:
    assert ask(provider, signing, provider.issue(system), token_type_hint=hint).json["active"] is True


def test_another_resource_server_learns_nothing(provider: Provider, system: System) -> None:
    other = provider.register(introspects=("https://other.example.gov.vn",))
    token = provider.issue(system)
    assert ask(provider, other, token).json == INACTIVE
    assert ask(provider, system, token).json == INACTIVE


def test_a_client_must_authenticate_to_ask(provider: Provider, system: System) -> None:
    answer = provider.client.post("/introspect", data={"token": provider.issue(system)})
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert "active" not in answer.json


def test_a_missing_token_is_an_invalid_request(provider: Provider, signing: System) -> None:
    answer = provider.client.post("/introspect", data=signing.form())
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_an_expired_token_is_inactive(provider: Provider, system: System, signing: System) -> None:
    token = provider.issue(system)
    provider.clock.pass_(seconds=299)
    assert ask(provider, signing, token).json["active"] is True
    provider.clock.pass_(seconds=1)
    assert ask(provider, signing, token).json == INACTIVE


def test_a_disabled_clients_tokens_are_inactive(provider: Provider, system: System, signing: System) -> None:
    token = provider.issue(system)
    with provider.database.writing() as connection:
        change_state(connection, system.client_id, "disabled", 0)
    assert ask(provider, signing, token).json == INACTIVE


def forgeries(provider: Provider, system: System, signing: System) -> Iterator[str]:
    token = provider.issue(system)
    header, payload, signature = token.split(".")
    claims = parts(token)[1]
    attacker = System(system.client_id, ECKey.generate_key("P-256"), "ES256", "es-1", provider.clock)
    yield "x"
    yield f"{header}.{payload}.{'A' * len(signature)}"
    yield f"{header}.{payload}.{signature}="
    yield f"{header}.{payload}"
    yield attacker.sign(orjson.dumps(claims), header={"typ": "at+jwt"})
    yield attacker.sign(orjson.dumps(claims), header={"typ": "at+jwt", "kid": "unknown"})
    yield attacker.sign(orjson.dumps(claims), header={"typ": "at+jwt", "kid": None})
    jwk = attacker.key.as_dict(private=False)
    yield attacker.sign(orjson.dumps(claims), header={"typ": "at+jwt", "jwk": jwk})
    # A client's own assertion, and a token of another issuer signed by a client's key.
    yield system.assertion()
    yield system.assertion(header={"typ": "at+jwt"})


def test_a_forged_token_is_inactive(provider: Provider, system: System, signing: System) -> None:
    for forged in forgeries(provider, system, signing):
        assert ask(provider, signing, forged).json == INACTIVE


def test_what_our_key_signed_for_another_purpose_is_no_access_token(
    provider: Provider, system: System, signing: System, shared_keys: SoftwareKeys
) -> None:
    """One key, several types: an ID token or a logout token is not an access token (RFC 8725 §3.11)."""
    ours = System("x", shared_keys.keys["es-1"][1], "ES256", "es-1", provider.clock)
    claims = parts(provider.issue(system))[1]
    for typ in ("JWT", "logout+jwt", None):
        assert ask(provider, signing, ours.sign(orjson.dumps(claims), header={"typ": typ})).json == INACTIVE
    foreign = claims | {"iss": f"{ISSUER}.attacker.example"}
    assert ask(provider, signing, ours.sign(orjson.dumps(foreign), header={"typ": "at+jwt"})).json == INACTIVE


def test_without_the_key_process_it_is_not_said_that_a_token_is_inactive(
    tmp_path: Path, redis_url: str, own_keys: SoftwareKeys
) -> None:
    """What is not known is an error, neither yes nor no."""
    own_keys.failure = "TokenUnavailable"
    provider = Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target)
    signing = provider.register(introspects=(SIGNING,))
    answer = ask(provider, signing, "e30.e30.AA")
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")


def test_a_token_of_an_old_key_stays_active(tmp_path: Path, redis_url: str, own_keys: SoftwareKeys) -> None:
    provider = Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target)
    system, signing = provider.register(), provider.register(introspects=(SIGNING,))
    token = provider.issue(system)
    own_keys.add_key("es-2", "ES256")
    newer = provider.issue(system)
    assert parts(newer)[0]["kid"] == "es-2"
    assert ask(provider, signing, token).json["active"] is True
    assert ask(provider, signing, newer).json["active"] is True
