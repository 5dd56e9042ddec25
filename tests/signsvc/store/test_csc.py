"""Asynchronous answers and authorisations under way: their client's, for their time, and sealed."""

from datetime import datetime, timedelta

from signsvc.store.csc_authorizations import CscAuthorizations, PendingAuthorization
from signsvc.store.csc_responses import CscResponses
from signsvc.store.database import Database


def test_an_answer_is_kept_for_its_client_and_its_time(database: Database, now: datetime) -> None:
    responses = CscResponses(database)
    ready = responses.keep_answer("a", {"signatures": ["x"]}, now=now, seconds=10)
    waiting = responses.keep_signatures("a", ["1" * 32, "2" * 32], now=now, seconds=20)
    assert ready != waiting
    kept = responses.find("a", ready, now)
    assert kept is not None
    assert kept.answer == {"signatures": ["x"]}
    kept = responses.find("a", waiting, now)
    assert kept is not None
    assert (kept.answer, kept.signatures) == (None, ("1" * 32, "2" * 32))
    assert responses.find("b", ready, now) is None
    later = now + timedelta(seconds=10)
    assert responses.find("a", ready, later) is None
    assert responses.sweep(int(later.timestamp())) == 1
    assert responses.find("a", waiting, later) is not None


def test_an_authorisation_is_approved_once_and_only_its_handle_opens_the_sad(
    database: Database, now: datetime
) -> None:
    authorizations = CscAuthorizations(database)
    expires_at = int(now.timestamp()) + 60
    first, second = (
        authorizations.begin(PendingAuthorization("a", "c", act, expires_at), now + timedelta(seconds=at))
        for at, act in enumerate((b"first", b"second"))
    )
    newest = authorizations.find_newest("a", "c", now)
    assert newest is not None
    assert newest.act == b"second"
    assert authorizations.find_newest("b", "c", now) is None
    assert authorizations.approve(second, "the SAD")
    assert not authorizations.approve(second, "another")
    found = authorizations.find(second, now)
    assert found is not None
    assert (found.sad, found.client_id) == ("the SAD", "a")
    newest = authorizations.find_newest("a", "c", now)
    assert newest is not None
    assert (newest.act, newest.sad) == (b"first", "")
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM csc_authorization").fetchall()
    assert b"the SAD" not in b"".join(bytes(cell) for row in rows for cell in row if isinstance(cell, bytes))
    later = now + timedelta(seconds=60)
    assert authorizations.find(first, later) is None
    assert authorizations.sweep(int(later.timestamp())) == 2
