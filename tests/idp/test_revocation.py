"""RFC 7009: what a client gave back stays dead."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.idp.provider import SIGNING, Provider, System
from tests.idp.software_keys import SoftwareKeys


def revoke(provider: Provider, system: System, token: str, **fields: str) -> TestResponse:
    return provider.client.post("/revoke", data=system.form(token=token, **fields))


def active(provider: Provider, signing: System, token: str) -> bool:
    answer = provider.client.post("/introspect", data=signing.form(token=token))
    assert answer.status_code == 200
    return bool(answer.json["active"])


@pytest.fixture
def signing(provider: Provider) -> System:
    return provider.register(scopes=(), resources=(), introspects=(SIGNING,))


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "nonsense"])
def test_a_revoked_token_is_inactive_whatever_the_hint(
    provider: Provider, system: System, signing: System, hint: str
) -> None:
    """RFC 7009 §2.1: a hint only helps to search; an unknown one is ignored."""
    token, other = provider.issue(system), provider.issue(system)
    assert active(provider, signing, token)
    assert revoke(provider, system, token, token_type_hint=hint).status_code == 200
    assert not active(provider, signing, token)
    assert active(provider, signing, other)


@pytest.mark.parametrize("token", ["x", "e30.e30.AA", "A" * 1000])
def test_an_unknown_token_is_answered_like_a_revoked_one(
    provider: Provider, system: System, token: str
) -> None:
    assert revoke(provider, system, token).status_code == 200


def test_revoking_twice_and_after_expiry_is_no_error(provider: Provider, system: System) -> None:
    token = provider.issue(system)
    assert [revoke(provider, system, token).status_code for _ in range(2)] == [200, 200]
    provider.clock.pass_(hours=1)
    assert revoke(provider, system, token).status_code == 200


def test_many_revocations_of_one_token_at_once_are_no_error(
    provider: Provider, system: System, signing: System
) -> None:
    token = provider.issue(system)

    def attempt(_: int) -> int:
        return provider.app.test_client().post("/revoke", data=system.form(token=token)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(attempt, range(16))) == {200}
    assert not active(provider, signing, token)


def test_another_clients_token_is_refused_and_lives(
    provider: Provider, system: System, signing: System
) -> None:
    token = provider.issue(system)
    other = provider.register()
    answer = revoke(provider, other, token)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert active(provider, signing, token)


def test_a_client_must_authenticate_to_revoke(provider: Provider, system: System, signing: System) -> None:
    token = provider.issue(system)
    answer = provider.client.post("/revoke", data={"token": token, "client_id": system.client_id})
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert active(provider, signing, token)


def test_a_missing_token_is_an_invalid_request(provider: Provider, system: System) -> None:
    answer = provider.client.post("/revoke", data=system.form())
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_a_revocation_is_known_to_every_worker(
    tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys, provider: Provider, system: System
) -> None:
    token = provider.issue(system)
    signing = provider.register(introspects=(SIGNING,))
    second = Provider(
        tmp_path,
        redis_url=redis_url,
        key_process=shared_keys.target,
        database_url=provider.settings.database_url,
    )
    assert active(second, signing, token)
    assert revoke(provider, system, token).status_code == 200
    assert not active(second, signing, token)


def test_without_the_database_a_revocation_is_not_promised(
    provider: Provider, system: System, signing: System
) -> None:
    token = provider.issue(system)
    with provider.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE revoked_token")
    answer = revoke(provider, system, token)
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    answer = provider.client.post("/introspect", data=signing.form(token=token))
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
