"""The worker itself: it wakes at once, keeps going past failures, and stops when told."""

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idp.errors import StoreUnavailable
from idp.services import Services
from idp.store.admission import connect_redis
from idp.store.wake import Wake
from idp.web.request_log import new_logger
from idp.work import build_worker
from idp.worker import Task, Worker
from tests.idp.logout.relying_party import BackChannel
from tests.idp.logout.test_deliver import LOOPBACK, log_in, log_out, register
from tests.idp.provider import Provider
from tests.idp.software_keys import SoftwareKeys

Start = Callable[[Worker], None]


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Provider:
    return Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target, issuer=LOOPBACK)


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[tuple[threading.Event, threading.Thread]] = []

    def run(worker: Worker) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        running.append((stop, thread))

    yield run
    for stop, _ in running:
        stop.set()
    for _, thread in running:
        thread.join(10)
        assert not thread.is_alive()


def test_a_logout_reaches_the_relying_party_at_once(provider: Provider, start: Start) -> None:
    services: Services = provider.app.extensions["idp"]
    silent, listening = BackChannel(), BackChannel()
    silent.status = 500
    register(provider, silent.uri, "silent")
    register(provider, listening.uri, "listening")
    log = io.BytesIO()
    start(build_worker(services, new_logger(log)))
    session = log_in(provider, services, "silent", "listening")
    log_out(provider, services, session)
    assert listening.arrived.wait(10)
    assert silent.arrived.wait(10)
    silent.close()
    listening.close()


def test_a_worker_outlives_a_database_that_is_away(provider: Provider, start: Start) -> None:
    services: Services = provider.app.extensions["idp"]
    back_channel = BackChannel()
    register(provider, back_channel.uri)
    with services.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE logout_delivery RENAME TO gone")
    log = io.BytesIO()
    waited = threading.Event()
    wake = Wake(services.redis)

    def nap(seconds: float) -> None:
        waited.set()
        wake.nap(seconds)

    start(
        Worker(
            deliveries=services.logout.deliveries,
            deliver=services.logout.deliver,
            tasks=(),
            clock=lambda: int(provider.clock().timestamp()),
            nap=nap,
            pause=0.1,
            log=new_logger(log),
        )
    )
    assert waited.wait(10)
    assert b"worker_waits" in log.getvalue()
    with services.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO logout_delivery")
    log_out(provider, services, log_in(provider, services, "one-stop"))
    assert back_channel.arrived.wait(10)
    back_channel.close()


def test_a_wake_without_redis_costs_a_moment_and_no_error() -> None:
    away = Wake(connect_redis("redis://127.0.0.1:1/0"))
    away.ring()
    away.nap(0.01)


def test_a_task_is_done_in_its_time_and_its_failure_is_not_the_end(provider: Provider) -> None:
    services: Services = provider.app.extensions["idp"]
    done: list[int] = []

    def act(now: int) -> int:
        done.append(now)
        if len(done) == 1:
            raise StoreUnavailable(detail="away")
        return 1

    worker = Worker(
        deliveries=services.logout.deliveries,
        deliver=services.logout.deliver,
        tasks=[Task("hourly", 3600, act)],
        clock=lambda: 7,
        nap=lambda _: None,
        pause=0,
        log=new_logger(io.BytesIO()),
    )
    with pytest.raises(StoreUnavailable):
        worker.do_tasks()
    worker.do_tasks()
    assert done == [7]
