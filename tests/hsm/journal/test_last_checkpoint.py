"""The guard against a database that was set back, replaced or forked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hsm.database import Database
from hsm.errors import JournalError
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.errors import CheckpointInvalid, JournalRolledBack
from hsm.journal.last_checkpoint import LastCheckpoint
from hsm.journal.log import Log
from hsm.journal.tables import journal_entry, journal_head, journal_tile
from hsm.schema import metadata

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)


def seal(log: Log) -> str:
    body = checkpoint_body(ORIGIN, *log.head())
    return format_note(body, ORIGIN, PUBLIC, KEY.sign(body.encode()))


class Running:
    """A log on a file that can be copied and put back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.start()
        with self.database.writing() as connection:
            metadata.create_all(connection, tables=[journal_entry, journal_tile, journal_head])

    def start(self) -> None:
        self.database = Database(f"sqlite:///{self.path}")
        self.log = Log(self.database.reader)

    def open(self) -> Log:
        self.log.reload()
        return self.log

    def append(self, *entries: bytes) -> None:
        with self.database.writing() as connection:
            staged = self.log.stage(connection, entries)
        self.log.adopt(staged)

    def stop(self) -> None:
        # Closing the last connection folds the write-ahead log into the file.
        self.database.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path / "journal.sqlite3")
    one.open()
    yield one
    one.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "last-checkpoint"


def test_a_log_that_went_on_is_accepted(running: Running, file: Path) -> None:
    running.append(b"one", b"two")
    last = LastCheckpoint(file)
    last.keep(seal(running.log))
    last.check_not_rolled_back(running.log, VERIFIER)
    running.append(*[b"more"] * 300)
    LastCheckpoint(file).check_not_rolled_back(running.log, VERIFIER)


def test_a_database_set_back_to_a_backup_is_refused(running: Running, file: Path, tmp_path: Path) -> None:
    running.append(b"one")
    running.stop()
    backup = tmp_path / "backup"
    shutil.copy(running.path, backup)
    running.start()
    running.open()
    running.append(b"two")
    LastCheckpoint(file).keep(seal(running.log))
    running.stop()
    shutil.copy(backup, running.path)
    running.start()
    with pytest.raises(JournalRolledBack, match="rolled back: the database has 1 entries"):
        LastCheckpoint(file).check_not_rolled_back(running.open(), VERIFIER)
    # Growing past the old size does not help.
    running.append(b"another two", b"three")
    with pytest.raises(JournalRolledBack, match="replaced"):
        LastCheckpoint(file).check_not_rolled_back(running.log, VERIFIER)


def test_a_forked_log_is_refused(running: Running, file: Path, tmp_path: Path) -> None:
    fork = Running(tmp_path / "fork.sqlite3")
    fork.open()
    for one in (running, fork):
        one.append(*[b"common"] * 300)
    running.append(b"left")
    fork.append(b"right")
    LastCheckpoint(file).keep(seal(running.log))
    with pytest.raises(JournalRolledBack, match="replaced"):
        LastCheckpoint(file).check_not_rolled_back(fork.log, VERIFIER)
    fork.stop()


def test_the_file_may_be_missing_for_an_empty_log_only(running: Running, file: Path) -> None:
    LastCheckpoint(file).check_not_rolled_back(running.log, VERIFIER)
    running.append(b"one")
    with pytest.raises(JournalRolledBack, match="is missing"):
        LastCheckpoint(file).check_not_rolled_back(running.log, VERIFIER)
    LastCheckpoint(file).check_not_rolled_back(running.log, VERIFIER, may_be_missing=True)


def test_an_emptied_database_is_refused(running: Running, file: Path, tmp_path: Path) -> None:
    running.append(b"one")
    LastCheckpoint(file).keep(seal(running.log))
    empty = Running(tmp_path / "empty.sqlite3")
    with pytest.raises(JournalRolledBack):
        LastCheckpoint(file).check_not_rolled_back(empty.open(), VERIFIER)
    empty.stop()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"antin.example/journal\n1\nAAAA\n"])
def test_a_file_that_this_log_did_not_sign_is_refused(running: Running, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(CheckpointInvalid):
        LastCheckpoint(file).check_not_rolled_back(running.log, VERIFIER)


def test_the_file_is_written_once_a_second_and_at_the_end(running: Running, file: Path) -> None:
    time = [100.0]
    last = LastCheckpoint(file, clock=lambda: time[0])
    notes = []
    for _ in range(4):
        running.append(b"one")
        notes.append(seal(running.log))
    last.keep(notes[0])
    last.keep(notes[1])
    assert file.read_text() == notes[0]
    time[0] += 1
    last.keep(notes[2])
    assert file.read_text() == notes[2]
    last.keep(notes[3])
    assert file.read_text() == notes[2]
    last.close()
    assert file.read_text() == notes[3]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_that_cannot_be_written_is_an_error_each_time(running: Running, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file, not a folder")
    last = LastCheckpoint(tmp_path / "blocked" / "last-checkpoint")
    for _ in range(2):
        with pytest.raises(JournalError, match="cannot be written"):
            last.keep(seal(running.log))
