"""The log on SQLite and on PostgreSQL: appends that take part in a transaction, and proofs from tiles."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Executable, insert, select, text
from sqlalchemy.exc import DBAPIError

from hsm.database import Database
from hsm.errors import JournalError, StoreUnavailable
from hsm.journal import merkle
from hsm.journal.errors import JournalConflict, JournalDamaged, JournalRolledBack, NoSuchEntry
from hsm.journal.log import Log, Staged
from hsm.journal.merkle import leaf_hash, verify_consistency, verify_inclusion
from hsm.journal.tables import INSERT_ONLY_DDL, journal_entry, journal_head, journal_tile
from hsm.journal.tiles import node_from_tile
from hsm.schema import metadata

TABLES = [journal_entry, journal_tile, journal_head]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'journal.sqlite3'}"
    else:
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        url = fresh()
    opened = Database(url)
    with opened.writing() as connection:
        metadata.create_all(connection, tables=TABLES)
    yield opened
    opened.close()


def open_log(database: Database) -> Log:
    log = Log(database.reader)
    with database.reading() as connection:
        log.open(connection)
    return log


def append(log: Log, database: Database, entries: list[bytes]) -> Staged:
    with database.writing() as connection:
        staged = log.stage(connection, entries)
    log.adopt(staged)
    return staged


def numbered(start: int, end: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(start, end)]


def without_triggers(database: Database, statement: str) -> None:
    """What the database's owner can do."""
    with database.writer.begin() as connection:
        if database.writer.dialect.name == "sqlite":
            triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in triggers.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))


def test_an_empty_log_has_the_empty_root(database: Database) -> None:
    log = open_log(database)
    assert log.head() == (0, merkle.EMPTY_ROOT)
    assert log.entries(0, 10) == []


def test_a_log_must_be_opened_first(database: Database) -> None:
    with pytest.raises(JournalError, match="not open"):
        Log(database.reader).head()


def test_appended_entries_are_there_after_opening_anew(database: Database) -> None:
    log = open_log(database)
    entries = numbered(0, 700)
    append(log, database, entries[:1])
    append(log, database, entries[1:300])
    append(log, database, entries[300:])
    again = open_log(database)
    assert again.head() == log.head() == (700, merkle.root_from_entries(entries))
    assert again.entries(255, 3) == [(255, entries[255]), (256, entries[256]), (257, entries[257])]
    assert again.entries(699, 10) == [(699, entries[699])]
    assert again.entry(0) == entries[0]


def test_every_proof_verifies_in_every_tree(database: Database) -> None:
    log = open_log(database)
    entries = numbered(0, 66_000)
    append(log, database, entries)
    chosen = random.Random(1)
    sizes = [
        1,
        255,
        256,
        257,
        65_535,
        65_536,
        65_537,
        66_000,
        *(chosen.randrange(1, 66_000) for _ in range(10)),
    ]
    roots = {size: merkle.root_from_entries(entries[:size]) for size in sizes}
    for reader in (log, open_log(database)):
        for size in sizes:
            assert reader.root_at(size) == roots[size]
            for index in (0, size - 1, chosen.randrange(size)):
                proof = reader.inclusion_proof(index, size)
                verify_inclusion(leaf_hash(entries[index]), index, size, proof, roots[size])
        for old in sizes:
            for new in sizes:
                if old <= new:
                    proof = reader.consistency_proof(old, new)
                    verify_consistency(old, roots[old], new, roots[new], proof)


def test_a_staged_append_proves_its_leaves_without_sql(database: Database) -> None:
    log = open_log(database)
    at = 0
    for count in (1, 1, 3, 250, 1, 2, 256, 513, 7):
        entries = numbered(at, at + count)
        staged = append(log, database, entries)
        assert (staged.first_index, staged.size) == (at, at + count)
        for number, entry in enumerate(entries, at):
            proof = staged.inclusion_proof(number)
            verify_inclusion(leaf_hash(entry), number, staged.size, proof, staged.root)
            assert proof == log.inclusion_proof(number, staged.size) or number % 50
        with pytest.raises(NoSuchEntry):
            staged.inclusion_proof(at + count)
        at += count


def test_an_append_that_is_not_committed_leaves_no_trace(database: Database) -> None:
    log = open_log(database)
    append(log, database, numbered(0, 255))
    head = log.head()
    with database.writer.connect() as connection:
        log.stage(connection, numbered(255, 600))
        connection.rollback()
    assert log.head() == head
    assert open_log(database).head() == head
    append(log, database, numbered(255, 600))
    assert log.head() == (600, merkle.root_from_entries(numbered(0, 600)))


def test_an_append_without_entries_writes_nothing(database: Database) -> None:
    log = open_log(database)
    append(log, database, [b"one"])
    staged = append(log, database, [])
    assert (staged.first_index, staged.size, staged.root) == (1, *log.head())


@pytest.mark.parametrize("already", [0, 5])
def test_two_writers_cannot_fork_the_log(database: Database, already: int) -> None:
    first = open_log(database)
    append(first, database, numbered(0, already))
    second = open_log(database)
    append(first, database, [b"from the first"])
    with pytest.raises(JournalConflict), database.writing() as connection:
        second.stage(connection, [b"from the second"])
    second.reload()
    append(second, database, [b"from the second"])
    expected = [*numbered(0, already), b"from the first", b"from the second"]
    assert open_log(database).head() == (already + 2, merkle.root_from_entries(expected))


def test_a_commit_whose_answer_was_lost_is_found_again(database: Database) -> None:
    log = open_log(database)
    append(log, database, [b"one"])
    with database.writing() as connection:
        log.stage(connection, [b"two"])
    # Never adopted: the caller saw an error where there was none.
    with pytest.raises(JournalConflict), database.writing() as connection:
        log.stage(connection, [b"three"])
    log.reload()
    assert log.entries(0, 9) == [(0, b"one"), (1, b"two")]


def test_an_append_is_adopted_once_and_in_turn(database: Database) -> None:
    log = open_log(database)
    staged = append(log, database, [b"one"])
    with pytest.raises(JournalConflict):
        log.adopt(staged)


def test_what_is_beyond_the_log_is_refused(database: Database) -> None:
    log = open_log(database)
    append(log, database, numbered(0, 300))
    for ask in (
        lambda: log.entry(300),
        lambda: log.entry(-1),
        lambda: log.inclusion_proof(0, 301),
        lambda: log.inclusion_proof(5, 5),
        lambda: log.consistency_proof(5, 4),
        lambda: log.consistency_proof(5, 301),
        lambda: log.tile(0, 1, 45),
        lambda: log.tile(0, 2, 1),
        lambda: log.tile(1, 0, 2),
        lambda: log.root_at(301),
    ):
        with pytest.raises(NoSuchEntry):
            ask()


def test_tiles_are_those_of_the_specification(database: Database) -> None:
    log = open_log(database)
    entries = numbered(0, 300)
    append(log, database, entries)
    assert log.tile(0, 0) == b"".join(leaf_hash(entry) for entry in entries[:256])
    assert log.tile(0, 1, 44) == b"".join(leaf_hash(entry) for entry in entries[256:])
    assert log.tile(1, 0, 1) == node_from_tile(log.tile(0, 0), 0, 256)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET entry = 'x'",
        "DELETE FROM journal_entry",
        "UPDATE journal_tile SET level = 9",
        "DELETE FROM journal_tile",
        "UPDATE journal_head SET size = 1",
        "DELETE FROM journal_head",
    ],
)
def test_the_tables_are_insert_only(database: Database, statement: str) -> None:
    log = open_log(database)
    append(log, database, numbered(0, 300))
    with pytest.raises(DBAPIError, match=r"insert-only|only grows"), database.writer.begin() as connection:
        connection.execute(text(statement))
    assert open_log(database).head() == log.head()


def test_replacing_a_row_is_refused_as_well(database: Database) -> None:
    log = open_log(database)
    append(log, database, [b"one"])
    if database.writer.dialect.name == "sqlite":
        row = {"index": 0, "entry": b"two", "leaf_hash": leaf_hash(b"two")}
        replace: Executable = insert(journal_entry).prefix_with("OR REPLACE").values(row)
    else:
        replace = text("TRUNCATE journal_entry")
    with pytest.raises(DBAPIError, match="insert-only"), database.writer.begin() as connection:
        connection.execute(replace)
    with database.reading() as connection:
        assert connection.execute(select(journal_entry.c.entry)).scalar_one() == b"one"


def test_the_trigger_statements_may_be_repeated(database: Database) -> None:
    with database.writer.begin() as connection:
        for statement in INSERT_ONLY_DDL[connection.dialect.name]:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        'DELETE FROM journal_entry WHERE "index" = 599',
        'DELETE FROM journal_entry WHERE "index" = 550',
        "DELETE FROM journal_tile WHERE level = 0 AND tile_index = 1",
        "DELETE FROM journal_head",
        "UPDATE journal_head SET size = 599",
        "UPDATE journal_head SET size = 601",
        'UPDATE journal_head SET root = (SELECT leaf_hash FROM journal_entry WHERE "index" = 0)',
        'UPDATE journal_tile SET root = (SELECT leaf_hash FROM journal_entry WHERE "index" = 0)',
        'UPDATE journal_entry SET leaf_hash = (SELECT root FROM journal_head) WHERE "index" = 580',
    ],
)
def test_a_damaged_edge_does_not_open(database: Database, statement: str) -> None:
    append(open_log(database), database, numbered(0, 600))
    without_triggers(database, statement)
    with pytest.raises(JournalDamaged):
        open_log(database)


def test_missing_old_tiles_and_entries_are_named_when_asked_for(database: Database) -> None:
    log = open_log(database)
    append(log, database, numbered(0, 66_000))
    without_triggers(database, "DELETE FROM journal_tile WHERE level = 0 AND tile_index = 7")
    without_triggers(database, 'DELETE FROM journal_entry WHERE "index" = 2000')
    again = open_log(database)
    with pytest.raises(JournalDamaged):
        again.inclusion_proof(256 * 7, 66_000)
    with pytest.raises(JournalDamaged):
        again.entries(1999, 3)


def test_a_database_replaced_under_a_running_log_is_refused(database: Database) -> None:
    log = open_log(database)
    append(log, database, numbered(0, 400))
    for table in ("journal_entry", "journal_tile", "journal_head"):
        without_triggers(database, f"DELETE FROM {table}")  # noqa: S608 -- constants
    with pytest.raises(JournalRolledBack, match="shorter"):
        log.reload()
    append(open_log(database), database, [b"another", *numbered(1, 500)])
    with pytest.raises(JournalRolledBack, match="replaced"):
        log.reload()
    assert log.head() == (400, merkle.root_from_entries(numbered(0, 400)))


def test_a_database_that_is_away_is_said_to_be_away(database: Database) -> None:
    log = open_log(database)
    append(log, database, numbered(0, 300))
    without_triggers(database, "DROP TABLE journal_tile")
    with pytest.raises(StoreUnavailable):
        open_log(database)
    without_triggers(database, "DROP TABLE journal_head")
    with pytest.raises(StoreUnavailable), database.writing() as connection:
        log.stage(connection, [b"more"])
