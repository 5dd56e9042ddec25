"""What the owner of the database can change, and that an export of it then convicts them offline."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from antin.journal import verify_export
from antin.receipt import ReceiptError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from hsm.database import Database
from hsm.errors import JournalError
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.log import Log
from hsm.journal.tables import journal_entry, journal_head, journal_tile
from hsm.schema import metadata

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)
SIZE = 600


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'journal.sqlite3'}")
    with opened.writing() as connection:
        metadata.create_all(connection, tables=[journal_entry, journal_tile, journal_head])
    yield opened
    opened.close()


@pytest.fixture
def checkpoint(database: Database) -> str:
    log = Log(database.reader)
    log.reload()
    entries = [json.dumps({"type": "intent", "time": n}).encode() for n in range(SIZE)]
    with database.writing() as connection:
        staged = log.stage(connection, entries)
    log.adopt(staged)
    body = checkpoint_body(ORIGIN, *log.head())
    return format_note(body, ORIGIN, PUBLIC, KEY.sign(body.encode()))


def tamper(database: Database, *statements: str) -> None:
    with database.writer.begin() as connection:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name[0]}"))
        for statement in statements:
            connection.execute(text(statement))


def verify(database: Database, checkpoint: str) -> None:
    log = Log(database.reader)
    log.reload()
    rows = log.entries(0, SIZE)
    lines = [json.dumps({"index": index, "entry": base64.b64encode(entry).decode()}) for index, entry in rows]
    verify_export(lines, checkpoint, VERIFIER)


def test_an_untouched_database_verifies(database: Database, checkpoint: str) -> None:
    verify(database, checkpoint)


@pytest.mark.parametrize("index", [0, 255, 256, 599])
def test_a_changed_entry_is_convicted(database: Database, checkpoint: str, index: int) -> None:
    forged = f"""UPDATE journal_entry SET entry = CAST('{{"type":"x"}}' AS BLOB) WHERE "index" = {index}"""  # noqa: S608
    tamper(database, forged)
    with pytest.raises(ReceiptError, match="does not lead"):
        verify(database, checkpoint)


def test_reordered_entries_are_convicted(database: Database, checkpoint: str) -> None:
    tamper(
        database,
        'UPDATE journal_entry SET "index" = -1 WHERE "index" = 10',
        'UPDATE journal_entry SET "index" = 10 WHERE "index" = 11',
        'UPDATE journal_entry SET "index" = 11 WHERE "index" = -1',
    )
    with pytest.raises(ReceiptError, match="does not lead"):
        verify(database, checkpoint)


@pytest.mark.parametrize("index", [0, 300, 599])
def test_a_deleted_entry_is_convicted(database: Database, checkpoint: str, index: int) -> None:
    tamper(database, f'DELETE FROM journal_entry WHERE "index" = {index}')  # noqa: S608
    with pytest.raises(JournalError):
        verify(database, checkpoint)


def test_a_consistent_rewrite_of_everything_is_convicted(database: Database, checkpoint: str) -> None:
    tamper(database, "DELETE FROM journal_entry", "DELETE FROM journal_tile", "DELETE FROM journal_head")
    log = Log(database.reader)
    log.reload()
    with database.writing() as connection:
        log.adopt(log.stage(connection, [b'{"type":"intent","time":1}'] * SIZE))
    with pytest.raises(ReceiptError, match="does not lead"):
        verify(database, checkpoint)
