"""What is taken away is gone within a minute, at two workers with the caches as they are delivered."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from idp.directory.person import SUSPENDED
from idp.settings import Settings
from idp.store.clients import change_state
from tests.idp.grants.token_client import TokenClient
from tests.idp.provider import SIGNING, Provider, System
from tests.idp.software_keys import SoftwareKeys

CACHES = ("client_cache_seconds", "token_key_cache_seconds")
WITHIN = 60.0
Workers = tuple[Provider, Provider]


@pytest.fixture
def workers(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Workers:
    kept = {name: Settings.model_fields[name].default for name in CACHES}
    assert all(kept.values())  # elsewhere tests switch them off

    def worker() -> Provider:
        return Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target, **kept)

    return worker(), worker()


def active(worker: Provider, resource_server: System, token: str) -> bool:
    answer = worker.client.post("/introspect", data=resource_server.form(token=token))
    assert answer.status_code == 200, answer.text
    return bool(answer.json["active"])


def within_a_minute(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < end, "not gone after a minute"
        time.sleep(0.2)


def test_a_disabled_client_and_its_tokens_are_out(workers: Workers) -> None:
    """Disabled by a command, which no worker hears of."""
    first = workers[0]
    system = first.register()
    resource_server = first.register(scopes=(), resources=(), introspects=(SIGNING,))
    token = first.issue(system)
    for worker in workers:
        assert worker.token(system).status_code == 200
        assert active(worker, resource_server, token)
    with first.database.writing() as connection:
        assert change_state(connection, system.client_id, "disabled", int(first.clock().timestamp()))
    for worker in workers:

        def refused(worker: Provider = worker) -> bool:
            return worker.token(system).status_code == 401 and not active(worker, resource_server, token)

        within_a_minute(refused)


@pytest.mark.parametrize("how", ["suspended", "revoked", "logged out"])
def test_what_was_taken_away_at_one_worker_is_gone_at_the_other(workers: Workers, how: str) -> None:
    first, second = workers
    client = TokenClient(first)
    resource_server = first.register(scopes=(), resources=(), introspects=(first.settings.issuer,))
    token = client.tokens()["access_token"]
    client.provider = second
    assert active(second, resource_server, token)
    assert client.userinfo(token).status_code == 200
    now, services = int(first.clock().timestamp()), first.app.extensions["idp"]
    if how == "suspended":
        services.people.change_state(client.person.person_id, SUSPENDED, now)
    elif how == "revoked":
        revoked = first.client.post("/revoke", data=client.system.form(token=token))
        assert revoked.status_code == 200
    else:
        services.end_session(client.session.session_id, reason="logout", now=now)
    # Nothing is kept of tokens and people: at once, not within a minute.
    assert not active(second, resource_server, token)
    assert client.userinfo(token).status_code == 401
