"""Events are on disk when they must be, and in groups when they may be."""

from collections.abc import Iterator

import pytest

from idp.errors import StoreUnavailable
from idp.evidence import record as module
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.store.database import Database
from idp.store.evidence import read_after, read_of_person

NOW = 1_800_000_000
LAN = "5f0c6a1e-0000-4000-8000-000000000001"


@pytest.fixture
def recorder(database: Database) -> Iterator[EvidenceRecorder]:
    recorder = EvidenceRecorder(database, lambda: NOW)
    yield recorder
    recorder.close()


def names(database: Database) -> list[str]:
    with database.reading() as connection:
        return [each.event.name for each in read_after(connection, 0, 10_000)]


def token(number: int = 0) -> Event:
    return Event("token.issued", NOW + number, client_id="one-stop", details={"grant_type": "refresh_token"})


def test_a_security_event_is_durable_when_recorded(recorder: EvidenceRecorder, database: Database) -> None:
    event = Event("session.ended", NOW, person_id=LAN, details={"reason": "logout", "clients": ["a"]})
    recorder.record(event)
    with database.reading() as connection:
        assert [each.event for each in read_after(connection, 0, 10)] == [event]


def test_the_events_of_one_act_are_written_together_or_not_at_all(
    recorder: EvidenceRecorder, database: Database
) -> None:
    with database.writing() as connection:
        recorder.record_all_within(connection, [Event("session.ended", NOW), Event("logout.refused", NOW)])
    assert names(database) == ["session.ended", "logout.refused"]
    with pytest.raises(ValueError, match="no event"), database.writing() as connection:
        recorder.record_all_within(connection, [Event("session.ended", NOW), Event("made.up", NOW)])
    assert names(database) == ["session.ended", "logout.refused"]


def test_an_event_that_cannot_be_written_is_an_error(recorder: EvidenceRecorder, database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE evidence RENAME TO gone")
    with pytest.raises(StoreUnavailable):
        recorder.record(Event("session.ended", NOW))


def test_an_unknown_event_is_refused_before_anything(recorder: EvidenceRecorder, database: Database) -> None:
    with pytest.raises(ValueError, match="may not carry"):
        recorder.record(Event("token.issued", NOW, details={"access_token": "secret"}))
    recorder.flush()
    assert names(database) == []


def test_many_events_are_written_in_groups(recorder: EvidenceRecorder, database: Database) -> None:
    for number in range(1203):
        recorder.record(token(number))
    recorder.flush()
    assert names(database) == ["token.issued"] * 1203


def test_the_thread_writes_without_being_asked(recorder: EvidenceRecorder, database: Database) -> None:
    recorder.record(token())
    recorder.close()  # joins the thread, as the end of a worker does
    assert names(database) == ["token.issued"]


def test_events_wait_while_the_database_is_away(recorder: EvidenceRecorder, database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE evidence RENAME TO gone")
    for number in range(3):
        recorder.record(token(number))
    with pytest.raises(StoreUnavailable):
        recorder.flush()
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO evidence")
    recorder.flush()
    with database.reading() as connection:
        assert [each.event.at for each in read_after(connection, 0, 10)] == [NOW, NOW + 1, NOW + 2]


def test_what_did_not_fit_is_counted_in_the_evidence(
    recorder: EvidenceRecorder, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    monkeypatch.setattr(module, "GROUP_SECONDS", 60)
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE evidence RENAME TO gone")
    for number in range(5):
        recorder.record(token(number))
    with pytest.raises(StoreUnavailable):
        recorder.flush()
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO evidence")
    recorder.flush()
    with database.reading() as connection:
        found = [each.event for each in read_after(connection, 0, 10)]
    assert [each.name for each in found] == ["token.issued", "token.issued", "evidence.lost"]
    assert found[-1].details == {"events": 3}


def test_a_person_reads_their_own_events_newest_first(recorder: EvidenceRecorder, database: Database) -> None:
    for moment, person in enumerate((LAN, "another", LAN, LAN)):
        recorder.record(Event("login.failed", NOW + moment, person_id=person))
    with database.reading() as connection:
        newest = read_of_person(connection, LAN, ["login.failed"], before=0, limit=2)
        older = read_of_person(connection, LAN, ["login.failed"], before=newest[-1].event_id, limit=2)
        assert read_of_person(connection, LAN, ["session.ended"], before=0, limit=2) == []
    assert [each.event.at - NOW for each in (*newest, *older)] == [3, 2, 0]
