"""Logins, retries, and what the wire's errors become."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from antin import (
    Client,
    ClientKey,
    ConfigError,
    LoginRefused,
    NetworkError,
    NotPermitted,
    Retry,
    ServiceUnavailable,
    new_key,
)

from tests.clients.sdk.standin import CLIENT, CREDENTIAL, StandIn


def test_the_client_assertion_is_for_the_issuer_alone(client: Client, service: StandIn) -> None:
    """RFC 10070: the issuer as the sole audience, a string, under an explicit type."""
    client.credentials()
    (assertion,) = service.assertions
    assert assertion["header"]["typ"] == "client-authentication+jwt"
    assert assertion["claims"]["aud"] == service.issuer
    assert assertion["claims"]["iss"] == assertion["claims"]["sub"] == CLIENT
    assert 0 < assertion["claims"]["exp"] - assertion["claims"]["iat"] <= 60
    assert assertion["form"]["grant_type"] == "client_credentials"
    assert assertion["form"]["resource"] == service.base_url


def test_a_token_is_kept_for_its_scope_resource_and_details(client: Client, service: StandIn) -> None:
    details = [{"type": "antin_sign", "credentialID": "x"}]
    first = client.connection.login()
    assert client.connection.login() is first
    assert client.connection.login("verify") is not first
    assert client.connection.login(resource="https://khac.example") is not first
    bound = client.connection.login(details=details)
    assert bound is not first
    assert client.connection.login(details=details) is bound
    assert len(service.tokens) == 4


def test_a_token_about_to_expire_is_asked_for_again(service: StandIn, client_key: ClientKey) -> None:
    moment = [datetime.now(UTC)]
    with Client(service.base_url, service.issuer, CLIENT, client_key, clock=lambda: moment[0]) as client:
        first = client.connection.login()
        moment[0] += timedelta(seconds=200)
        assert client.connection.login() is first
        moment[0] += timedelta(seconds=80)
        assert client.connection.login() is not first


def test_a_revoked_token_is_replaced_once(client: Client, service: StandIn) -> None:
    client.credentials()
    service.tokens.clear()
    assert client.credentials()[0].credential_id == CREDENTIAL
    assert len(service.assertions) == 2


def test_a_refused_login_says_what_to_check(client: Client, service: StandIn) -> None:
    service.faults = {"no_login"}
    with pytest.raises(LoginRefused, match="client_id") as caught:
        client.credentials()
    assert caught.value.code == "invalid_client"


def test_another_issuers_metadata_is_not_used(client: Client, service: StandIn) -> None:
    """A mix-up: the assertion would go to someone who can use it elsewhere."""
    service.faults = {"other_issuer"}
    with pytest.raises(ConfigError):
        client.credentials()
    assert service.assertions == []


def test_busy_answers_are_waited_out_as_told(client: Client, service: StandIn, sleeps: list[float]) -> None:
    service.busy = {"/v1/documents": [(503, "3"), (429, "2")]}
    signed = client.sign_document(b"%PDF-1.7 busy", CREDENTIAL)
    assert signed.content is not None
    assert sleeps == [3.0, 2.0]
    # One key for all tries: the service may do the work once only.
    assert len(service.idempotency_keys["/v1/documents"]) == 3
    assert len(set(service.idempotency_keys["/v1/documents"])) == 1


def test_a_busy_identity_provider_gets_a_new_assertion_each_time(
    client: Client, service: StandIn, sleeps: list[float]
) -> None:
    service.busy = {"/dinh-danh/token": [(503, "1")]}
    client.credentials()
    assert sleeps == [1.0]


def test_a_service_that_stays_busy_is_told_of_with_the_wait(client: Client, service: StandIn) -> None:
    service.busy = {"/v1/documents": [(503, "1")] * 10}
    with pytest.raises(ServiceUnavailable) as caught:
        client.sign_document(b"%PDF-1.7", CREDENTIAL)
    assert caught.value.retry_after == 1.0
    assert service.calls["/v1/documents"] == 4


def test_a_long_wait_is_left_to_the_caller(client: Client, service: StandIn, sleeps: list[float]) -> None:
    service.busy = {"/v1/documents": [(503, "3600")]}
    with pytest.raises(ServiceUnavailable):
        client.sign_document(b"%PDF-1.7", CREDENTIAL)
    assert sleeps == []


def test_a_wait_given_as_a_date_is_understood(client: Client, service: StandIn, sleeps: list[float]) -> None:
    service.busy = {"/v1/credentials": [(429, "Tue, 24 Nov 2015 08:00:00 GMT"), (503, "soon")]}
    client.credentials()
    assert sleeps[0] == 0.0
    assert 0 < sleeps[1] < 2


def test_a_refusal_is_not_asked_again(client: Client, service: StandIn, sleeps: list[float]) -> None:
    service.busy = {"/v1/credentials": [(403, "1")]}
    with pytest.raises(NotPermitted, match="Detail busy"):
        client.credentials()
    assert sleeps == []
    assert service.calls["/v1/credentials"] == 1


def test_nobody_there_is_a_sentence_with_the_address(client_key: ClientKey) -> None:
    waits: list[float] = []
    with (
        Client("http://127.0.0.1:9", retry=Retry(attempts=2, sleep=waits.append)) as client,
        pytest.raises(NetworkError, match=r"127\.0\.0\.1:9"),
    ):
        client.checkpoint()
    assert len(waits) == 1


def test_tokens_do_not_travel_in_the_clear(client_key: ClientKey) -> None:
    for url in (
        "http://ky.tinh.example",
        "ftp://ky.tinh.example",
        "https://ai:do@ky.tinh.example",
        "ky.tinh",
    ):
        with pytest.raises(ConfigError):
            Client(url)
    with pytest.raises(ConfigError):
        Client("https://ky.tinh.example", "http://dinhdanh.tinh.example", CLIENT, client_key)
    Client("http://signsvc:8082", allow_http=True).close()


def test_no_error_and_no_repr_shows_a_token_or_a_key(client: Client, service: StandIn) -> None:
    token = client.connection.login()
    assert token.value not in repr(token)
    key = new_key()
    assert str(key.private_jwk()["d"]) not in repr(key)
    service.busy = {"/v1/credentials": [(403, "1")]}
    with pytest.raises(NotPermitted) as caught:
        client.credentials()
    assert token.value not in repr(vars(caught.value)) + str(caught.value)


def test_signing_without_a_key_says_what_is_missing(service: StandIn) -> None:
    with Client(service.base_url) as client:
        with pytest.raises(ConfigError, match="key_file"):
            client.sign_document(b"%PDF-1.7", CREDENTIAL)
        with pytest.raises(ConfigError, match="key_file"):
            client.credentials()


def test_the_journal_is_exported_to_its_checkpoint(client: Client, service: StandIn) -> None:
    for number in range(5):
        service.journal.append(b"{}" + str(number).encode())
    checkpoint = client.checkpoint()
    service.journal.append(b"later")
    lines = list(client.export_journal(checkpoint))
    assert [json.loads(line)["index"] for line in lines] == list(range(6))
    service.faults = {"lost_entry"}
    with pytest.raises(NetworkError):
        list(client.export_journal(checkpoint))


def test_a_call_still_being_worked_on_is_asked_for_again(
    client: Client, service: StandIn, sleeps: list[float]
) -> None:
    """After a cut connection the first try may be running still: 409 with Retry-After."""
    service.busy = {"/v1/documents": [(409, "1")]}
    assert client.sign_document(b"%PDF-1.7", CREDENTIAL).content is not None
    assert sleeps == [1.0]
    service.busy = {"/v1/documents": [(409, "1")] * 9}
    with pytest.raises(ServiceUnavailable):
        client.sign_document(b"%PDF-1.7", CREDENTIAL)
