"""The SOC gets every event at least once, and the seals that show what was taken away later."""

import socket
import threading
from pathlib import Path

import orjson
import pytest

from idp.evidence.destinations import open_destination
from idp.evidence.event import Event
from idp.evidence.export import ExportEvidence
from idp.evidence.keep import KeepEvidence
from idp.evidence.siem_lines import syslog_message
from idp.store.database import Database
from idp.store.evidence import write_events
from idp.store.evidence_seals import verify

NOW = 1_800_000_000
DAY = 86400


def record(database: Database, *names: str, at: int = NOW) -> None:
    with database.writing() as connection:
        write_events(connection, [Event(name, at, client_id="one-stop") for name in names])


def test_a_file_gets_each_event_and_then_its_seal(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    export = ExportEvidence(database, [open_destination(f"file:{path}")])
    for name in ("login.failed", "session.ended"):
        record(database, name)
        KeepEvidence(database).seal(NOW)
        assert export(NOW) == {}
    assert export(NOW) == {}
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["event"] for line in lines] == [
        "login.failed", "evidence.sealed", "session.ended", "evidence.sealed",
    ]  # fmt: skip
    assert lines[0]["client_id"] == "one-stop"
    assert lines[0]["time"] == "2027-01-15T08:00:00Z"
    assert len(lines[1]["details"]["chained"]) == 64


def test_a_destination_that_is_away_gets_everything_later(database: Database, tmp_path: Path) -> None:
    missing = tmp_path / "not-there"
    export = ExportEvidence(
        database,
        [open_destination(f"file:{missing}/x"), open_destination(f"file:{tmp_path}/y")],
    )
    record(database, "login.failed")
    KeepEvidence(database).seal(NOW)
    assert export(NOW) == {f"file:{missing}/x": "FileNotFoundError"}
    assert len((tmp_path / "y").read_bytes().splitlines()) == 2
    missing.mkdir()
    assert export(NOW) == {}
    assert (missing / "x").read_bytes() == (tmp_path / "y").read_bytes()


def test_a_syslog_server_gets_cef_in_counted_frames(database: Database) -> None:
    received = bytearray()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while chunk := connection.recv(65536):
                received.extend(chunk)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        address = f"syslog+tcp://127.0.0.1:{listener.getsockname()[1]}"
        record(database, "refresh.reused")
        KeepEvidence(database).seal(NOW)
        assert ExportEvidence(database, [open_destination(address)])(NOW) == {}
        thread.join(10)
    length, _, rest = bytes(received).partition(b" ")
    first = rest[: int(length)].decode()
    assert first.startswith("<108>1 2027-01-15T08:00:00Z ")
    assert "|refresh.reused|Refresh token reused: its family was revoked|8|" in first
    assert "cs1=one-stop cs1Label=client_id" in first


def test_a_value_cannot_break_out_of_a_syslog_message() -> None:
    members = {
        "time": "2027-01-15T08:00:00Z", "event": "login.failed", "name": "a|b", "severity": 3, "seal_id": 1,
        "client_id": "x\n<0>1 - - - - - - forged=1", "details": {},
    }  # fmt: skip
    message = syslog_message(members, "host", 1).decode()
    assert "\n" not in message
    assert "a\\|b" in message
    assert "forged\\=1" in message


@pytest.mark.parametrize("address", ["http://x/", "file:", "syslog+tcp://", "kafka://x"])
def test_a_destination_that_is_none_is_named(address: str) -> None:
    with pytest.raises(ValueError, match="not a destination"):
        open_destination(address)


def test_events_past_their_time_are_deleted_and_that_is_an_event(database: Database) -> None:
    keep = KeepEvidence(database)
    record(database, "login.failed", "login.failed")
    keep.seal(NOW)
    assert keep.purge(NOW + 366 * DAY) == 0
    assert keep.purge(NOW + 367 * DAY) == 2
    keep.seal(NOW + 367 * DAY)
    with database.reading() as connection:
        names = connection.exec_driver_sql("SELECT name FROM evidence").scalars().all()
        assert list(verify(connection, retained_since=NOW + DAY)) == []
    assert names == ["evidence.purged"]
