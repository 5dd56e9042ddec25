"""The session registry, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from idp.directory.person import OFFICIAL, Person
from idp.errors import StoreUnavailable
from idp.evidence.event import Event
from idp.protocol.session import Session, SessionLimits
from idp.store.database import Database
from idp.store.evidence import read_after
from idp.store.sessions import Sessions, mark_ended

NOW = 1_800_000_000
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"
LAN = Person("5f0c6a1e-0000-4000-8000-000000000001", OFFICIAL, "active", "lan", {"name": "Nguyễn Thị Lan"})


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return Sessions(database, SessionLimits())


def start(
    sessions: Sessions, *, kiosk: bool = False, now: int = NOW, login: Event | None = None
) -> tuple[Session, str]:
    return sessions.start(
        LAN,
        acr="LoA2",
        amr=("pwd", "otp"),
        upstream="",
        identity_level="02",
        device=WINDOWS,
        address="203.0.113.77",
        kiosk=kiosk,
        now=now,
        login=login,
    )


def test_a_session_is_found_by_its_cookie_alone(sessions: Sessions) -> None:
    session, cookie = start(sessions)
    assert sessions.find(cookie, NOW) == session
    assert sessions.find(session.session_id, NOW) is None
    assert sessions.find(cookie + "x", NOW) is None
    assert sessions.find("\ud800", NOW) is None


def test_neither_cookie_nor_address_nor_user_agent_is_stored(sessions: Sessions, database: Database) -> None:
    _, cookie = start(sessions)
    with database.reading() as connection:
        row = str(dict(connection.execute(text("SELECT * FROM session")).mappings().one()))
    assert cookie not in row
    assert "203.0.113.77" not in row
    assert "Mozilla" not in row
    assert "203.0.113.0/24" in row
    assert "Chrome · Windows" in row


def test_a_session_says_what_was_proved(sessions: Sessions) -> None:
    session, _ = start(sessions)
    proved = session.authentication()
    assert (proved.person_id, proved.session_id) == (LAN.person_id, session.session_id)
    assert (proved.acr, proved.amr, proved.auth_time) == ("LoA2", ("pwd", "otp"), NOW)
    assert proved.identity_level == "02"


@pytest.mark.parametrize(("kiosk", "idle", "absolute"), [(False, 1800, 43200), (True, 300, 900)])
def test_a_session_ends_by_idleness_and_at_its_end(
    sessions: Sessions, kiosk: bool, idle: int, absolute: int
) -> None:
    _, cookie = start(sessions, kiosk=kiosk)
    assert sessions.find(cookie, NOW + idle) is None
    assert sessions.find(cookie, NOW + idle - 1)
    seen = NOW + idle - 1
    while seen < NOW + absolute - idle:
        seen += idle - 1
        assert sessions.find(cookie, seen)
    assert sessions.find(cookie, NOW + absolute - 1)
    assert sessions.find(cookie, NOW + absolute) is None


def test_a_visit_is_written_down_once_a_minute(sessions: Sessions) -> None:
    session, cookie = start(sessions)
    sessions.find(cookie, NOW + 59)
    found = sessions.find_by_id(session.session_id)
    assert found
    assert found.last_seen_at == NOW
    sessions.find(cookie, NOW + 60)
    found = sessions.find_by_id(session.session_id)
    assert found
    assert found.last_seen_at == NOW + 60


def test_a_session_serves_while_visits_cannot_be_written(sessions: Sessions, database: Database) -> None:
    session, cookie = start(sessions)
    with database.writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(
                text("CREATE TRIGGER shut BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'shut'); END")
            )
        else:
            connection.execute(text("ALTER TABLE session ADD CHECK (last_seen_at <= 1800000000)"))
    found = sessions.find(cookie, NOW + 120)
    assert found
    assert found.session_id == session.session_id


def test_stepping_up_says_what_was_shown_this_time_in_the_same_session(sessions: Sessions) -> None:
    """Session fixation: who planted or saw the cookie from before has nothing after it."""
    session, planted = start(sessions)
    done = sessions.step_up(session.session_id, acr="LoA3", amr=("hwk", "user", "pwd"), now=NOW + 90)
    assert done
    stepped, fresh = done
    assert stepped.session_id == session.session_id
    assert (stepped.acr, stepped.amr, stepped.auth_time) == ("LoA3", ("hwk", "user", "pwd"), NOW + 90)
    assert stepped.expires_at == session.expires_at
    assert sessions.find(planted, NOW + 90) is None
    assert sessions.find(fresh, NOW + 90) == stepped


def test_a_session_that_ended_takes_no_step_and_no_client(sessions: Sessions, database: Database) -> None:
    session, cookie = start(sessions)
    with database.writing() as connection:
        assert mark_ended(connection, session.session_id, "logout", NOW)
        assert mark_ended(connection, session.session_id, "logout", NOW) is None
    assert sessions.find(cookie, NOW) is None
    assert sessions.step_up(session.session_id, acr="LoA3", amr=(), now=NOW) is None
    assert not sessions.join(session.session_id, "one-stop", NOW)
    assert sessions.has_ended(session.session_id, NOW)


def test_an_idle_session_is_not_dead_for_its_tokens(sessions: Sessions) -> None:
    """A person works for hours in a relying party without a visit to the provider."""
    session, cookie = start(sessions)
    later = NOW + 4 * 3600
    assert sessions.find(cookie, later) is None
    assert not sessions.has_ended(session.session_id, later)
    assert sessions.has_ended(session.session_id, session.expires_at)
    assert sessions.has_ended("never-was", NOW)


def test_a_client_joins_and_it_is_on_the_record_or_neither_happened(
    sessions: Sessions, database: Database
) -> None:
    session, _ = start(sessions)

    def said() -> list[str]:
        with database.reading() as connection:
            written = read_after(connection, 0, 100)
        return [one.event.client_id for one in written if one.event.name == "authorize.answered"]

    def answered(client_id: str, name: str = "authorize.answered") -> Event:
        return Event(name, NOW, LAN.person_id, client_id, session.session_id, details={"acr": "LoA2"})

    assert sessions.join(session.session_id, "one-stop", NOW, on_record=answered("one-stop"))
    assert said() == ["one-stop"]
    with pytest.raises(ValueError, match="no event"):
        sessions.join(session.session_id, "other", NOW, on_record=answered("other", "made.up"))
    assert sessions.clients_of(session.session_id) == ["one-stop"]
    with database.writing() as connection:
        mark_ended(connection, session.session_id, "logout", NOW)
    assert not sessions.join(session.session_id, "late", NOW, on_record=answered("late"))
    assert said() == ["one-stop"]
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE session SET ended_at = 0")
        connection.exec_driver_sql("ALTER TABLE evidence RENAME TO evidence_away")
    with pytest.raises(StoreUnavailable):
        sessions.join(session.session_id, "unsaid", NOW, on_record=answered("unsaid"))
    assert sessions.clients_of(session.session_id) == ["one-stop"]


def test_a_session_and_its_login_are_on_the_record_once_or_neither_is(
    sessions: Sessions, database: Database
) -> None:
    login = Event("login.succeeded", NOW, LAN.person_id, "one-stop", request_id="r1", details={"acr": "LoA2"})

    def said() -> list[tuple[str, str, str, str]]:
        with database.reading() as connection:
            written = [each.event for each in read_after(connection, 0, 100)]
        return [(each.name, each.client_id, each.session_id, each.request_id) for each in written]

    session, _ = start(sessions, login=login)
    ids = ("one-stop", session.session_id, "r1")
    begun = [("login.succeeded", *ids), ("session.started", *ids)]
    assert said() == begun
    assert sessions.step_up(session.session_id, acr="LoA3", amr=("hwk",), now=NOW + 1, login=login)
    stepped = [("login.succeeded", *ids), ("session.stepped_up", *ids)]
    assert said() == begun + stepped
    with pytest.raises(ValueError, match="no event"):
        start(sessions, login=Event("made.up", NOW))
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE evidence RENAME TO evidence_away")
    with pytest.raises(StoreUnavailable):
        start(sessions, login=login)
    with pytest.raises(StoreUnavailable):
        sessions.step_up(session.session_id, acr="LoA4", amr=("hwk",), now=NOW + 2, login=login)
    [kept] = sessions.of_person(LAN.person_id, NOW + 2)
    assert (kept.session_id, kept.acr) == (session.session_id, "LoA3")


def test_clients_are_listed_once_in_the_order_they_came(sessions: Sessions) -> None:
    session, _ = start(sessions)
    for client_id, moment in (("b", 1), ("a", 2), ("b", 3)):
        assert sessions.join(session.session_id, client_id, NOW + moment)
    assert sessions.clients_of(session.session_id) == ["b", "a"]


def test_the_same_client_from_many_threads_is_one(sessions: Sessions) -> None:
    session, _ = start(sessions)
    with ThreadPoolExecutor(4) as pool:
        joined = list(pool.map(lambda _: sessions.join(session.session_id, "one-stop", NOW), range(12)))
    assert all(joined)
    assert sessions.clients_of(session.session_id) == ["one-stop"]


def test_a_person_sees_their_living_sessions_newest_first(sessions: Sessions, database: Database) -> None:
    first, _ = start(sessions)
    second, _ = start(sessions, now=NOW + 60)
    third, _ = start(sessions, now=NOW + 61)
    with database.writing() as connection:
        mark_ended(connection, third.session_id, "logout", NOW + 62)
    assert [each.session_id for each in sessions.of_person(LAN.person_id, NOW + 63)] == [
        second.session_id,
        first.session_id,
    ]
    assert sessions.of_person("another", NOW) == []


def test_old_sessions_are_forgotten_with_their_clients(sessions: Sessions, database: Database) -> None:
    old, _ = start(sessions)
    young, _ = start(sessions, now=NOW + 90_000)
    sessions.join(old.session_id, "one-stop", NOW)
    assert sessions.forget(before=old.expires_at + 1) == 1
    assert sessions.find_by_id(old.session_id) is None
    assert sessions.find_by_id(young.session_id)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM session_client")).scalar() == 0
