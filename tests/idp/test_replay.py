"""An assertion is used once, whoever comes first; when nobody can tell, nobody gets in."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from tests.idp.provider import Provider, System
from tests.idp.software_keys import SoftwareKeys
from tests.servers.redis import RunningRedis


def test_a_used_assertion_is_refused(provider: Provider, system: System) -> None:
    assertion = system.assertion()
    assert provider.token(system, assertion).status_code == 200
    again = provider.token(system, assertion)
    assert (again.status_code, again.json["error"]) == (401, "invalid_client")
    assert provider.events()[-1]["detail"] == "jti"


def test_a_jti_is_used_in_another_assertion_only_after_the_first_expired(
    provider: Provider, system: System
) -> None:
    assert provider.token(system, system.assertion(jti="same")).status_code == 200
    assert (
        provider.token(system, system.assertion(jti="same", exp=system.claims()["exp"] + 5)).status_code
        == 401
    )


def test_an_assertion_spent_at_one_endpoint_is_spent_at_all(provider: Provider, system: System) -> None:
    assertion = system.assertion()
    answer = provider.client.post("/revoke", data=system.form(assertion, token="x"))
    assert answer.status_code == 200
    assert provider.token(system, assertion).status_code == 401


def test_two_clients_may_choose_the_same_jti(provider: Provider, system: System) -> None:
    other = provider.register()
    assert provider.token(system, system.assertion(jti="same-for-both")).status_code == 200
    assert provider.token(other, other.assertion(jti="same-for-both")).status_code == 200


def test_a_refused_assertion_does_not_spend_the_jti(provider: Provider, system: System) -> None:
    """Else an attacker who guesses a jti could have the client's next assertion refused."""
    stranger = provider.register()
    forged = system.assertion(jti="guessed", key=stranger.key)
    assert provider.token(system, forged).status_code == 401
    assert provider.token(system, system.assertion(jti="guessed")).status_code == 200


def test_of_twenty_at_the_same_moment_one_wins(provider: Provider, system: System) -> None:
    assertion = system.assertion()
    together = Barrier(20)

    def attempt(_: int) -> int:
        client = provider.app.test_client()
        together.wait()
        form = {"grant_type": "client_credentials", **system.form(assertion)}
        return client.post("/token", data=form).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(attempt, range(20)))
    assert statuses == [200] + [401] * 19


def test_without_redis_nobody_gets_in_and_service_returns_with_it(
    tmp_path: Path, own_redis: RunningRedis, shared_keys: SoftwareKeys
) -> None:
    provider = Provider(tmp_path, redis_url=own_redis.url, key_process=shared_keys.target)
    system = provider.register()
    assert provider.token(system).status_code == 200
    own_redis.stop()
    for endpoint in ("/token", "/introspect", "/revoke"):
        form = {"grant_type": "client_credentials", "token": "x", **system.form()}
        answer = provider.client.post(endpoint, data=form)
        assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"]
    assert provider.client.get("/readyz").json["redis"] == "unavailable"
    own_redis.start()
    assert provider.token(system).status_code == 200


def test_a_dead_connection_is_no_replay(
    tmp_path: Path, own_redis: RunningRedis, shared_keys: SoftwareKeys
) -> None:
    """The driver repeats what it sent over a connection that died: our own mark is not a replay."""
    provider = Provider(tmp_path, redis_url=own_redis.url, key_process=shared_keys.target)
    system = provider.register()
    assert provider.token(system).status_code == 200
    own_redis.stop()
    own_redis.start()
    assert [provider.token(system).status_code for _ in range(5)] == [200] * 5
