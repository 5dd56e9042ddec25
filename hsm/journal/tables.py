"""The journal's tables, and the triggers that keep them insert-only.

``metadata.create_all()`` makes the triggers too; a migration executes ``INSERT_ONLY_DDL[dialect]``,
whose statements may be repeated. The triggers stop mistakes and plain SQL; whoever owns the database
can drop them, and is convicted by the signed checkpoints instead.
"""

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    event,
)

from hsm.schema import metadata

# On SQLite only INTEGER is the row id itself; BIGINT would cost a second B-tree.
_Index = BigInteger().with_variant(Integer, "sqlite")

journal_entry = Table(
    "journal_entry",
    metadata,
    Column("index", _Index, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
)

# Complete tiles. ``root`` is the node above the 256 hashes: opening reads it instead of hashing again.
journal_tile = Table(
    "journal_tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile_index", _Index, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary(8192), nullable=False),
    Column("root", LargeBinary(32), nullable=False),
)

journal_head = Table(
    "journal_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    CheckConstraint("id = 1", name="one"),
)


def _sqlite_trigger(name: str, when: str, message: str) -> str:
    return f"CREATE TRIGGER IF NOT EXISTS {name} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"


def _sqlite_insert_only(table: str, key: str) -> list[str]:
    same_key = " AND ".join(f"{column} = NEW.{column}" for column in key.split(","))
    exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same_key})"  # noqa: S608 -- constants
    return [
        _sqlite_trigger(f"{table}_no_update", f"BEFORE UPDATE ON {table}", f"{table} is insert-only"),
        _sqlite_trigger(f"{table}_no_delete", f"BEFORE DELETE ON {table}", f"{table} is insert-only"),
        # INSERT OR REPLACE deletes without firing the delete trigger.
        _sqlite_trigger(
            f"{table}_no_replace", f"BEFORE INSERT ON {table} WHEN {exists}", f"{table} is insert-only"
        ),
    ]


def _postgresql_trigger(table: str, when: str, function: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {table}_{when.lower().replace(' ', '_')} BEFORE {when} ON {table}"
        f" FOR EACH {'STATEMENT' if 'TRUNCATE' in when else 'ROW'} EXECUTE FUNCTION {function}()"
    )


def _postgresql_function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


INSERT_ONLY_DDL: dict[str, list[str]] = {
    "sqlite": [
        *_sqlite_insert_only("journal_entry", '"index"'),
        *_sqlite_insert_only("journal_tile", "level,tile_index"),
        _sqlite_trigger(
            "journal_head_grows",
            "BEFORE UPDATE ON journal_head WHEN NEW.size <= OLD.size",
            "journal_head only grows",
        ),
        _sqlite_trigger("journal_head_no_delete", "BEFORE DELETE ON journal_head", "journal_head only grows"),
        _sqlite_trigger(
            "journal_head_no_replace",
            "BEFORE INSERT ON journal_head WHEN EXISTS (SELECT 1 FROM journal_head)",
            "journal_head only grows",
        ),
    ],
    "postgresql": [
        _postgresql_function(
            "journal_is_insert_only",
            "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is insert-only',"
            " ERRCODE = 'integrity_constraint_violation';",
        ),
        _postgresql_function(
            "journal_head_only_grows",
            "IF NEW.size <= OLD.size THEN RAISE EXCEPTION 'journal_head only grows'"
            " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW;",
        ),
        *(
            _postgresql_trigger(table, when, "journal_is_insert_only")
            for table in ("journal_entry", "journal_tile")
            for when in ("UPDATE OR DELETE", "TRUNCATE")
        ),
        _postgresql_trigger("journal_head", "UPDATE", "journal_head_only_grows"),
        _postgresql_trigger("journal_head", "DELETE", "journal_is_insert_only"),
        _postgresql_trigger("journal_head", "TRUNCATE", "journal_is_insert_only"),
    ],
}


@event.listens_for(metadata, "after_create")
def _create_triggers(_metadata: object, connection: Connection, tables: Iterable[Table], **_: object) -> None:
    if {journal_entry, journal_tile, journal_head} & set(tables):
        for statement in INSERT_ONLY_DDL[connection.dialect.name]:
            connection.exec_driver_sql(statement)
