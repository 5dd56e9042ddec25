"""A system acts for a person: with the person's token, at a service it is registered for, for all to see."""

from dataclasses import replace
from typing import Any

import pytest

from idp.logout.end_session import LOGOUT
from tests.idp.grants.token_client import TokenClient
from tests.idp.provider import SIGNING, Provider, parts
from tests.idp.relying_party import BASELINE, services_of

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ONE_STOP = replace(BASELINE, grant_types=("authorization_code", EXCHANGE))


@pytest.fixture
def one_stop(provider: Provider) -> TokenClient:
    return TokenClient(provider, ONE_STOP, resources=(SIGNING,))


def exchange(client: TokenClient, token: str, **changes: Any) -> Any:
    sound = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    return client.ask(**{**sound, **changes})


def refused(answer: Any, error: str = "invalid_grant") -> None:
    assert (answer.status_code, answer.json["error"]) == (400, error), answer.text


def test_the_token_says_for_whom_and_by_whom(one_stop: TokenClient) -> None:
    subject = one_stop.tokens(scope="openid sign")["access_token"]
    answer = exchange(one_stop, subject, scope="sign")
    assert answer.status_code == 200, answer.text
    assert answer.json["issued_token_type"] == ACCESS_TOKEN
    held, given = parts(subject)[1], parts(answer.json["access_token"])[1]
    assert given["act"] == {"sub": one_stop.client_id}
    assert (given["aud"], given["scope"]) == (SIGNING, "sign")
    for name in ("sub", "acr", "auth_time", "sid"):
        assert given[name] == held[name]
    assert given["exp"] <= held["exp"]


def test_nothing_grows(one_stop: TokenClient, provider: Provider) -> None:
    subject = one_stop.tokens(scope="openid")["access_token"]
    refused(exchange(one_stop, subject, scope="sign"), "invalid_scope")
    refused(exchange(one_stop, subject, resource="https://khac.example.gov.vn"), "invalid_target")
    provider.clock.pass_(seconds=200)
    assert exchange(one_stop, subject).json["expires_in"] == 100


def test_only_a_living_token_of_a_person_of_this_client_is_exchanged(
    provider: Provider, one_stop: TokenClient
) -> None:
    subject = one_stop.tokens()["access_token"]
    refused(exchange(one_stop, one_stop.tokens()["id_token"]))
    refused(exchange(one_stop, provider.issue(provider.register())))
    refused(exchange(TokenClient(provider, ONE_STOP, resources=(SIGNING,)), subject))
    refused(exchange(one_stop, subject, subject_token_type="x"), "invalid_request")
    refused(exchange(one_stop, subject, actor_token="x"), "invalid_request")
    now = int(provider.clock().timestamp())
    services_of(provider).end_session(one_stop.session.session_id, reason=LOGOUT, now=now)
    refused(exchange(one_stop, subject))


def test_only_registered_clients_exchange(provider: Provider) -> None:
    client = TokenClient(provider, resources=(SIGNING,))
    refused(exchange(client, client.tokens(resources=())["access_token"]), "unauthorized_client")


def test_systems_after_one_another_are_all_named_and_few(one_stop: TokenClient) -> None:
    token = one_stop.tokens(scope="openid sign")["access_token"]
    for depth in range(1, 4):
        token = exchange(one_stop, token).json["access_token"]
        actor, found = parts(token)[1]["act"], 0
        while actor:
            found, actor = found + 1, actor.get("act")
        assert found == depth
    refused(exchange(one_stop, token))
