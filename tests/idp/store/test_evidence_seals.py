"""Tampering with the evidence shows, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.evidence.event import Event
from idp.store.database import Database
from idp.store.evidence import write_events
from idp.store.evidence_seals import Seal, purge, seal_events, verify

NOW = 1_800_000_000
DAY = 86400


def record(database: Database, count: int = 3, at: int = NOW) -> None:
    with database.writing() as connection:
        write_events(
            connection,
            [
                Event("session.ended", at + n, session_id=f"s-{n}", details={"reason": "logout"})
                for n in range(count)
            ],
        )


def seal(database: Database, now: int = NOW) -> Seal | None:
    with database.writing() as connection:
        return seal_events(connection, now)


def problems(database: Database, retained_since: int = NOW) -> list[str]:
    with database.reading() as connection:
        return list(verify(connection, retained_since=retained_since))


def change(database: Database, statement: str) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql(statement)


@pytest.fixture
def sealed(database: Database) -> Database:
    """Three seals over three events each."""
    for number in range(3):
        record(database, at=NOW + number)
        seal(database, NOW + number)
    return database


def test_untouched_evidence_holds(sealed: Database) -> None:
    assert problems(sealed) == []
    assert seal(sealed) is None
    record(sealed)
    assert problems(sealed) == []  # what is not sealed yet is no fault


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM evidence WHERE event_id = 5", "seal 2 covers 3 events and 2 are there"),
        ("DELETE FROM evidence WHERE seal_id = 2", "seal 2 covers 3 events and 0 are there"),
        ("UPDATE evidence SET person_id = 'x' WHERE event_id = 5", "the events of seal 2 were changed"),
        ("UPDATE evidence SET at = at - 1 WHERE event_id = 5", "the events of seal 2 were changed"),
        ("UPDATE evidence SET details = '{}' WHERE event_id = 5", "the events of seal 2 were changed"),
        ("UPDATE evidence SET event_id = 99 WHERE event_id = 5", "the events of seal 2 were changed"),
        ("UPDATE evidence_seal SET events = 2 WHERE seal_id = 2", "seal 2 does not follow the one before it"),
        ("UPDATE evidence_seal SET purged_at = 1 WHERE seal_id = 2", "seal 2 was purged before its time"),
        ("DELETE FROM evidence_seal WHERE seal_id = 2", "seals 2 to 2 are missing"),
        ("DELETE FROM evidence_seal WHERE seal_id = 3", "3 events name a seal that is missing"),
    ],
)
def test_tampering_shows(sealed: Database, statement: str, found: str) -> None:
    change(sealed, statement)
    assert found in problems(sealed)


def test_an_event_slipped_into_the_past_shows(sealed: Database) -> None:
    record(sealed, count=1)
    change(sealed, "UPDATE evidence SET seal_id = 2 WHERE seal_id = 0")
    assert problems(sealed) == ["seal 2 covers 3 events and 4 are there"]


def test_a_deletion_with_its_seals_made_anew_differs_from_the_copy_of_the_soc(sealed: Database) -> None:
    with sealed.reading() as connection:
        sent = connection.exec_driver_sql("SELECT chained FROM evidence_seal WHERE seal_id = 3").scalar()
    change(sealed, "DELETE FROM evidence_seal")
    change(sealed, "DELETE FROM evidence WHERE event_id = 5")
    change(sealed, "UPDATE evidence SET seal_id = 0")
    anew = seal(sealed)
    assert anew
    assert problems(sealed) == []
    assert anew.chained != sent


def test_what_is_past_its_time_is_deleted_and_the_chain_still_holds(sealed: Database) -> None:
    record(sealed, at=NOW + 400 * DAY)
    seal(sealed, NOW + 400 * DAY)
    with sealed.writing() as connection:
        assert purge(connection, before=NOW + 34 * DAY, now=NOW + 400 * DAY) == (9, 1, 3)
        assert purge(connection, before=NOW + 34 * DAY, now=NOW + 400 * DAY) is None
    assert problems(sealed, NOW + 34 * DAY) == []
    with sealed.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM evidence").scalar() == 3


def test_a_seal_with_one_young_event_is_kept_whole(database: Database) -> None:
    record(database, count=1, at=NOW)
    record(database, count=1, at=NOW + 400 * DAY)
    seal(database)
    with database.writing() as connection:
        assert purge(connection, before=NOW + 34 * DAY, now=NOW) is None


def test_workers_that_seal_at_once_make_one_chain(
    database: Database, open_database: Callable[[], Database]
) -> None:
    record(database, count=40)
    opened = [open_database() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        sealed = list(pool.map(seal, opened))
    assert sum(each is not None for each in sealed) == 1
    assert problems(database) == []
