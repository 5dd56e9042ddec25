"""RFC 7592: a client reads, replaces and deletes its own record, and no other's."""

from dataclasses import replace

import pytest

from idp.errors import InvalidClientMetadata
from idp.outbound.client import Answer
from idp.registration.registrar import Registrar
from idp.store.clients import change_state, find_registration, save_registration
from tests.idp.provider import Provider
from tests.idp.registration.desk import baseline_token, bearer, post, registered, sound


def path(told: dict[str, str]) -> str:
    return f"/register/{told['client_id']}"


def test_a_client_reads_what_it_registered(provider: Provider) -> None:
    told = registered(provider)
    answer = provider.client.get(path(told), headers=bearer(told["registration_access_token"]))
    assert answer.status_code == 200
    assert answer.json == {name: v for name, v in told.items() if name != "registration_access_token"}


def test_a_client_replaces_all_of_it(provider: Provider) -> None:
    told = registered(provider, logo_uri="https://motcua.example.gov.vn/logo.png")
    body = sound(client_id=told["client_id"], client_name="Tên mới", jwks=told["jwks"])
    answer = provider.client.put(path(told), json=body, headers=bearer(told["registration_access_token"]))
    assert answer.status_code == 200, answer.text
    assert answer.json["client_name"] == "Tên mới"
    assert "logo_uri" not in answer.json
    assert answer.json["agency"] == "H47.12"


def test_what_was_told_can_be_put_back_as_it_is(provider: Provider) -> None:
    told = registered(provider)
    said_by_server = ("registration_access_token", "registration_client_uri", "client_id_issued_at")
    body = {name: value for name, value in told.items() if name not in said_by_server}
    answer = provider.client.put(path(told), json=body, headers=bearer(told["registration_access_token"]))
    assert answer.status_code == 200, answer.text
    assert answer.json.items() >= body.items()


def take_scope_away(provider: Provider, client_id: str) -> None:
    """What an administrator does."""
    with provider.database.writing() as connection:
        found = find_registration(connection, client_id)
        assert found
        kept = tuple(each for each in found.scopes if each != "offline_access")
        save_registration(connection, replace(found, scopes=kept), 0)


def test_a_scope_that_was_taken_away_does_not_come_back_by_itself(provider: Provider) -> None:
    told = registered(provider)
    assert "offline_access" in told["scope"]
    take_scope_away(provider, told["client_id"])
    headers = bearer(told["registration_access_token"])
    body = sound(client_id=told["client_id"], jwks=told["jwks"])
    asked = provider.client.put(path(told), json={**body, "scope": told["scope"]}, headers=headers)
    assert (asked.status_code, asked.json["error"]) == (400, "invalid_client_metadata")
    left_out = provider.client.put(path(told), json=body, headers=headers)
    assert left_out.status_code == 200
    assert "offline_access" not in left_out.json["scope"]


def test_a_change_that_crosses_an_administrators_is_refused(provider: Provider) -> None:
    told = registered(provider)
    services = provider.app.extensions["idp"]

    class Meanwhile:
        """The sector is fetched between the look and the write."""

        def get(self, url: str, *, accept: str = "") -> Answer:
            take_scope_away(provider, told["client_id"])
            return Answer(200, "application/json", b'["https://motcua.example.gov.vn/cb"]')

    registrar = Registrar("https://x", provider.database, Meanwhile(), services.evidence, lambda _: None)
    sector = "https://motcua.example.gov.vn/sector.json"
    body = sound(client_id=told["client_id"], jwks=told["jwks"], sector_identifier_uri=sector)
    with pytest.raises(InvalidClientMetadata, match="meanwhile"):
        registrar.replace(told["client_id"], told["registration_access_token"], body, 0)


def test_a_client_does_not_move_into_anothers_sector(provider: Provider) -> None:
    """With a refresh token of before, it would be told the other's sub values."""
    device = "urn:ietf:params:oauth:grant-type:device_code"
    mine = sound(redirect_uris=["https://mine.example.gov.vn/cb"], post_logout_redirect_uris=None)
    mine |= {"backchannel_logout_uri": "https://mine.example.gov.vn/logout"}
    others = sound(jwks=mine["jwks"])
    for first in (mine, others | {"grant_types": ["authorization_code", device]}):
        told = post(provider, baseline_token(provider), first).json
        headers = bearer(told["registration_access_token"])
        again = provider.client.put(
            path(told), json=first | {"client_id": told["client_id"]}, headers=headers
        )
        assert again.status_code == 200, again.text
        moved = provider.client.put(
            path(told), json=others | {"client_id": told["client_id"]}, headers=headers
        )
        assert moved.status_code == 400
        assert "another sector" in moved.json["error_description"]


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_the_token_of_one_client_does_not_open_another(provider: Provider, method: str) -> None:
    mine, other = registered(provider), registered(provider)
    headers = bearer(mine["registration_access_token"])
    answer = provider.client.open(
        path(other), method=method.upper(), json=sound(client_id=other["client_id"]), headers=headers
    )
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_token")
    unknown = provider.client.open(
        "/register/rp-0", method=method.upper(), json=sound(client_id="rp-0"), headers=headers
    )
    assert (unknown.status_code, unknown.json) == (answer.status_code, answer.json)


@pytest.mark.parametrize(
    "name",
    [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ],
)
def test_what_the_server_says_is_not_put(provider: Provider, name: str) -> None:
    told = registered(provider)
    body = sound(client_id=told["client_id"], jwks=told["jwks"], **{name: "x"})
    answer = provider.client.put(path(told), json=body, headers=bearer(told["registration_access_token"]))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")


def test_the_body_names_the_client_of_the_address(provider: Provider) -> None:
    told, other = registered(provider), registered(provider)
    for client_id in (None, other["client_id"]):
        body = sound(client_id=client_id, jwks=told["jwks"])
        answer = provider.client.put(path(told), json=body, headers=bearer(told["registration_access_token"]))
        assert answer.status_code == 400


def test_a_wrong_secret_does_not_replace(provider: Provider) -> None:
    body = {"redirect_uris": ["https://rp.example.gov.vn/cb"]}
    told = post(provider, baseline_token(provider), body).json
    headers = bearer(told["registration_access_token"])
    wrong = body | {"client_id": told["client_id"], "client_secret": "wrong"}
    assert provider.client.put(path(told), json=wrong, headers=headers).status_code == 400
    right = wrong | {"client_secret": told["client_secret"]}
    answer = provider.client.put(path(told), json=right, headers=headers)
    assert answer.status_code == 200
    assert answer.json["client_secret_expires_at"] == told["client_secret_expires_at"]


def test_a_deleted_client_is_gone_with_its_token(provider: Provider) -> None:
    told = registered(provider)
    headers = bearer(told["registration_access_token"])
    assert provider.client.delete(path(told), headers=headers).status_code == 204
    assert provider.client.get(path(told), headers=headers).status_code == 401
    with provider.database.reading() as connection:
        assert find_registration(connection, told["client_id"]) is None


def test_a_disabled_client_cannot_put_itself_back(provider: Provider) -> None:
    told = registered(provider)
    with provider.database.writing() as connection:
        change_state(connection, told["client_id"], "disabled", 0)
    headers = bearer(told["registration_access_token"])
    body = sound(client_id=told["client_id"], jwks=told["jwks"])
    assert provider.client.put(path(told), json=body, headers=headers).status_code == 401
    assert provider.client.delete(path(told), headers=headers).status_code == 401
