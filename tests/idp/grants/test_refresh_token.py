"""Refresh tokens forgive a lost answer and end a stolen family; they never give more than was allowed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey

from idp.directory.person import SUSPENDED, Mandate
from idp.logout.end_session import LOGOUT
from idp.store.clients import find_registration, save_registration
from tests.idp.grants.token_client import DPOP, TokenClient, new_session
from tests.idp.provider import SIGNING, Provider, details, parts
from tests.idp.relying_party import BASELINE, new_person, services_of

OFFLINE = "openid email offline_access"


@pytest.fixture
def client(provider: Provider) -> TokenClient:
    return TokenClient(provider)


def refused(answer: Any, error: str = "invalid_grant") -> None:
    assert (answer.status_code, answer.json["error"]) == (400, error), answer.text


def log_out(client: TokenClient) -> None:
    now = int(client.provider.clock().timestamp())
    services_of(client.provider).end_session(client.session.session_id, reason=LOGOUT, now=now)


def test_the_login_stays_what_it_was(provider: Provider, client: TokenClient) -> None:
    """OIDCC refresh-token: same iss, sub, aud and auth_time, another iat. No new login is claimed."""
    first = client.tokens(scope=OFFLINE)
    provider.clock.pass_(minutes=20)
    again = client.refresh(first["refresh_token"])
    assert again.status_code == 200, again.text
    assert again.headers["Cache-Control"] == "no-store"
    old, new = parts(first["id_token"])[1], parts(again.json["id_token"])[1]
    for name in ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid", "nonce"):
        assert old[name] == new[name], name
    assert new["iat"] == old["iat"] + 1200
    assert again.json["scope"] == OFFLINE


def test_an_unbound_token_is_rotated_and_the_one_before_gets_the_same_successor(
    provider: Provider, client: TokenClient
) -> None:
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    second = client.refresh(first).json["refresh_token"]
    provider.clock.pass_(seconds=30)
    assert client.refresh(first).json["refresh_token"] == second != first


def test_two_at_once_get_the_same_successor(client: TokenClient) -> None:
    """Two tabs, or a lost answer and its repetition, log nobody out."""
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.refresh(first), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert client.refresh(successors.pop()).status_code == 200


@pytest.mark.parametrize("seconds", [31, 86400])
def test_a_token_that_comes_back_too_late_ends_its_family_and_no_other(
    provider: Provider, client: TokenClient, seconds: int
) -> None:
    other = client.tokens(scope=OFFLINE)["refresh_token"]
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    second = client.refresh(first).json["refresh_token"]
    provider.clock.pass_(seconds=seconds)
    refused(client.refresh(first))
    refused(client.refresh(second))
    assert client.refresh(other).status_code == 200


def test_a_token_two_generations_old_ends_its_family_at_once(client: TokenClient) -> None:
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    third = client.refresh(client.refresh(first).json["refresh_token"]).json["refresh_token"]
    refused(client.refresh(first))
    refused(client.refresh(third))


def test_a_made_up_token_ends_nobodys_family(client: TokenClient) -> None:
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    refused(client.refresh("A" * 43))
    refused(client.refresh(first[:-1] + ("A" if first[-1] != "A" else "B")))
    assert client.refresh(first).status_code == 200


def test_another_client_gets_nothing_and_ends_nothing(provider: Provider, client: TokenClient) -> None:
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    refused(TokenClient(provider).refresh(first))
    assert client.refresh(first).status_code == 200


def test_a_clients_bound_token_is_not_rotated(provider: Provider) -> None:
    """fapi2_sp_final_refresh_token: the previous token still works after thirty seconds."""
    client = TokenClient(provider, DPOP, dpop=True)
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    for _ in range(3):
        provider.clock.pass_(minutes=10)
        answer = client.refresh(first)
        assert answer.json["refresh_token"] == first
        assert parts(answer.json["access_token"])[1]["cnf"] == {"jkt": client.jkt()}
    refused(client.refresh(first, proof=""), "invalid_dpop_proof")


def test_a_public_clients_family_is_bound_to_its_key(provider: Provider) -> None:
    public = replace(BASELINE, token_endpoint_auth_method="none")
    client = TokenClient(provider, public, dpop=True)
    client.system.form = lambda *_, **fields: {"client_id": client.client_id, **fields}  # type: ignore[method-assign]
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    thief = client.proof(key=ECKey.generate_key("P-256"))
    refused(client.refresh(first, proof=thief))
    refused(client.refresh(first, proof=""), "invalid_dpop_proof")
    assert client.refresh(first).json["refresh_token"] == first


def test_scope_narrows_for_one_answer_and_never_widens(client: TokenClient) -> None:
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    narrowed = client.refresh(first, scope="email").json
    assert narrowed["scope"] == "email"
    assert "id_token" not in narrowed
    refused(client.refresh(narrowed["refresh_token"], scope="openid profile"), "invalid_scope")
    assert client.refresh(narrowed["refresh_token"]).json["scope"] == OFFLINE


def test_without_offline_access_the_family_ends_with_the_session(client: TokenClient) -> None:
    first = client.tokens(scope="openid")["refresh_token"]
    assert client.refresh(first).status_code == 200
    log_out(client)
    refused(client.refresh(first))


def test_offline_access_outlives_a_logout_and_its_tokens_claim_no_session(client: TokenClient) -> None:
    body = client.tokens(scope=OFFLINE)
    log_out(client)
    assert client.userinfo(body["access_token"]).status_code == 401
    again = client.refresh(body["refresh_token"]).json
    assert "sid" not in parts(again["access_token"])[1]
    assert client.userinfo(again["access_token"]).status_code == 200


def test_a_suspended_person_gets_no_tokens(provider: Provider, client: TokenClient) -> None:
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    now = int(provider.clock().timestamp())
    services_of(provider).people.change_state(client.person.person_id, SUSPENDED, now)
    refused(client.refresh(first))


@pytest.mark.parametrize("days", [15, 31])
def test_a_family_ends_unused_or_old(provider: Provider, client: TokenClient, days: int) -> None:
    token = client.tokens(scope=OFFLINE)["refresh_token"]
    if days == 31:
        for _ in range(3):
            provider.clock.pass_(days=10, seconds=-1)
            token = client.refresh(token).json["refresh_token"]
        provider.clock.pass_(seconds=4)
    else:
        provider.clock.pass_(days=days)
    refused(client.refresh(token))


def test_giving_a_refresh_token_back_ends_all_that_came_of_it(
    provider: Provider, client: TokenClient
) -> None:
    body = client.tokens(scope=OFFLINE)
    answer = provider.client.post("/revoke", data=client.system.form(token=body["refresh_token"]))
    assert answer.status_code == 200
    refused(client.refresh(body["refresh_token"]))
    assert client.userinfo(body["access_token"]).status_code == 401


def test_another_clients_refresh_token_is_not_given_back(provider: Provider, client: TokenClient) -> None:
    first = client.tokens(scope=OFFLINE)["refresh_token"]
    other = provider.register()
    refused(provider.client.post("/revoke", data=other.form(token=first)))
    assert client.refresh(first).status_code == 200


def test_a_client_may_ask_about_its_own_refresh_token_only(provider: Provider, client: TokenClient) -> None:
    first = client.tokens(scope=OFFLINE)["refresh_token"]

    def active(system: Any) -> bool:
        return bool(provider.client.post("/introspect", data=system.form(token=first)).json["active"])

    assert active(client.system)
    assert not active(provider.register())
    client.refresh(first)
    provider.clock.pass_(seconds=31)
    assert not active(client.system)


def test_no_token_is_stored_and_none_is_logged(provider: Provider, client: TokenClient) -> None:
    body = client.tokens(scope=OFFLINE)
    again = client.refresh(body["refresh_token"]).json
    secrets = [body["refresh_token"], again["refresh_token"], body["access_token"], body["id_token"]]
    stored = provider.settings.database_url.removeprefix("sqlite:///")
    services_of(provider).evidence.flush()
    written = provider.log.getvalue()
    for suffix in ("", "-wal"):
        with open(stored + suffix, "rb") as file:  # noqa: PTH123
            written += file.read()
    assert not any(secret.encode() in written for secret in secrets)


def test_an_ended_mandate_gives_no_token_that_would_speak_for_the_person_alone(provider: Provider) -> None:
    """Left out of the answer, the claim would say that the person acts for themselves."""
    now = int(provider.clock().timestamp())
    mandate = Mandate("m-1", "enterprise", "4000000001", "Công ty MẪU", ("all",), 0, now + 3600)
    client = TokenClient(provider)
    client.person = new_person(provider, mandates=(mandate,))
    client.session = new_session(provider, client.person, mandate_id="m-1")
    first = client.tokens(scope=f"{OFFLINE} mandate")
    assert client.userinfo(first["access_token"]).json["mandate"]["represented"] == "4000000001"
    provider.clock.pass_(minutes=59)
    again = client.refresh(first["refresh_token"]).json
    provider.clock.pass_(minutes=2)
    refused(client.refresh(again["refresh_token"]))
    assert client.userinfo(again["access_token"]).status_code == 401


@pytest.mark.parametrize("taken", ["scopes", "resources", "credential_ids"])
def test_what_an_administrator_took_away_from_a_client_its_old_tokens_do_not_give(
    provider: Provider, taken: str
) -> None:
    client = TokenClient(provider)
    wanted = details()
    first = client.tokens(scope="openid sign offline_access", resources=(SIGNING,), details=tuple(wanted))
    assert first["authorization_details"] == wanted
    left: dict[str, Any] = {"scopes": ("openid", "offline_access"), "resources": (), "credential_ids": ()}
    with provider.database.writing() as connection:
        registration = find_registration(connection, client.client_id)
        assert registration is not None
        save_registration(connection, replace(registration, **{taken: left[taken]}), 0)
    answer = client.refresh(first["refresh_token"])
    if taken == "scopes":
        assert answer.json["scope"] == "openid offline_access"
        assert "sign" not in parts(answer.json["access_token"])[1]["scope"].split()
    else:
        refused(answer)
