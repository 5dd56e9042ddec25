"""Deliveries: each held by one worker at a time, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.store.database import Database
from idp.store.logout_deliveries import (
    DEAD,
    DELIVERED,
    WAITING,
    LogoutDeliveries,
    Told,
    queue_deliveries,
)

NOW = 1_800_000_000
LAN = "5f0c6a1e-0000-4000-8000-000000000001"


@pytest.fixture
def deliveries(database: Database) -> LogoutDeliveries:
    return LogoutDeliveries(database)


def queue(database: Database, *clients: str, session: str = "s-1", now: int = NOW) -> None:
    with database.writing() as connection:
        targets = [(client, f"https://{client}.example.gov.vn/logout") for client in clients]
        queue_deliveries(connection, session, LAN, targets, now)


def test_a_delivery_is_claimed_once_while_its_lease_runs(
    database: Database, deliveries: LogoutDeliveries
) -> None:
    queue(database, "a", "b")
    claimed = deliveries.claim(now=NOW, lease=60, limit=8)
    assert [(each.client_id, each.attempts, each.fence) for each in claimed] == [("a", 1, 1), ("b", 1, 1)]
    assert deliveries.claim(now=NOW + 59, lease=60, limit=8) == []
    again = deliveries.claim(now=NOW + 60, lease=60, limit=8)
    assert [(each.client_id, each.attempts, each.fence) for each in again] == [("a", 2, 2), ("b", 2, 2)]


def test_a_worker_that_lost_its_lease_changes_nothing(
    database: Database, deliveries: LogoutDeliveries
) -> None:
    queue(database, "a")
    (slow,) = deliveries.claim(now=NOW, lease=60, limit=1)
    (quick,) = deliveries.claim(now=NOW + 60, lease=60, limit=1)
    assert deliveries.finish(quick, state=DELIVERED, error="", now=NOW + 61)
    assert not deliveries.finish(slow, state=DEAD, error="timeout", now=NOW + 62)
    assert not deliveries.put_off(slow, error="timeout", due_at=NOW + 99)
    assert deliveries.of_session("s-1") == [Told("a", DELIVERED)]


def test_workers_at_once_never_hold_the_same_delivery(
    database: Database, open_database: Callable[[], Database]
) -> None:
    for number in range(12):
        queue(database, f"client-{number}", session=f"s-{number}")
    stores = [LogoutDeliveries(open_database()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        claimed = [
            each.delivery_id
            for batch in pool.map(lambda store: store.claim(now=NOW, lease=60, limit=6), stores)
            for each in batch
        ]
    assert len(claimed) == len(set(claimed))


def test_one_client_does_not_take_every_thread(database: Database, deliveries: LogoutDeliveries) -> None:
    for number in range(6):
        queue(database, "down", session=f"s-{number}")
    queue(database, "up", session="s-9", now=NOW + 1)
    claimed = deliveries.claim(now=NOW + 1, lease=60, limit=8)
    assert sorted(each.client_id for each in claimed) == ["down", "down", "up"]
    # Two of it are under way: no third before one of them is over.
    assert deliveries.claim(now=NOW + 2, lease=60, limit=8) == []
    deliveries.put_off(claimed[0], error="timeout", due_at=NOW + 100)
    assert len(deliveries.claim(now=NOW + 2, lease=60, limit=8)) == 2


def test_a_delivery_that_was_put_off_waits_until_it_is_due(
    database: Database, deliveries: LogoutDeliveries
) -> None:
    queue(database, "a")
    (held,) = deliveries.claim(now=NOW, lease=60, limit=1)
    assert deliveries.put_off(held, error="http_500", due_at=NOW + 30)
    assert deliveries.claim(now=NOW + 29, lease=60, limit=1) == []
    assert len(deliveries.claim(now=NOW + 30, lease=60, limit=1)) == 1


def test_a_dead_letter_is_delivered_after_a_retry(database: Database, deliveries: LogoutDeliveries) -> None:
    queue(database, "a")
    (held,) = deliveries.claim(now=NOW, lease=60, limit=1)
    deliveries.finish(held, state=DEAD, error="timeout", now=NOW)
    assert deliveries.of_session("s-1") == [Told("a", DEAD)]
    assert deliveries.claim(now=NOW + 999, lease=60, limit=1) == []
    assert deliveries.retry("b", NOW + 999) == 0
    assert deliveries.retry("a", NOW + 999) == 1
    assert deliveries.of_session("s-1") == [Told("a", WAITING)]
    (held,) = deliveries.claim(now=NOW + 999, lease=60, limit=1)
    assert held.attempts == 1
    deliveries.finish(held, state=DELIVERED, error="", now=NOW + 999)
    assert deliveries.retry("a", NOW + 1999) == 0


def test_finished_deliveries_are_forgotten_and_waiting_ones_never(
    database: Database, deliveries: LogoutDeliveries
) -> None:
    queue(database, "a", "b")
    held = deliveries.claim(now=NOW, lease=60, limit=1)
    deliveries.finish(held[0], state=DELIVERED, error="", now=NOW)
    assert deliveries.forget(before=NOW + 1) == 1
    assert deliveries.forget(before=NOW + 10**6) == 0
    assert [each.client_id for each in deliveries.of_session("s-1")] == ["b"]
