"""The SQL of an append, compiled once: every signature waits for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, bindparam, insert, literal_column, update
from sqlalchemy.sql.dml import UpdateBase

from hsm.journal.tables import journal_entry, journal_head, journal_tile

Row = Mapping[str, object]


class Compiled:
    """One statement as text for one dialect. Drivers take its values, ints and bytes, as they are."""

    def __init__(self, statement: UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        # None for a dialect (PostgreSQL) that takes values by name.
        self._order: list[str] | None = getattr(compiled, "positiontup", None)

    def execute(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Run it for each row; return the number of rows changed. Raises SQLAlchemyError."""
        values: list[Any]
        if self._order is None:
            values = [dict(row) for row in rows]
        else:
            values = [tuple(row[name] for name in self._order) for row in rows]
        return connection.exec_driver_sql(self._sql, values if len(values) > 1 else values[0]).rowcount


class AppendStatements:
    """What ``Log.stage`` runs, in its order: one of the first two, then entries, then tiles."""

    def __init__(self, dialect: Dialect) -> None:
        head = journal_head.c
        new: dict[str, Any] = {"size": bindparam("new_size"), "root": bindparam("new_root")}
        one: ColumnElement[int] = literal_column("1")
        self.insert_head = Compiled(insert(journal_head).inline().values(id=one, **new), dialect)
        self.move_head = Compiled(
            update(journal_head)
            .where(head.id == one, head.size == bindparam("old_size"), head.root == bindparam("old_root"))
            .values(new),
            dialect,
        )
        self.insert_entries = Compiled(insert(journal_entry), dialect)
        self.insert_tiles = Compiled(insert(journal_tile), dialect)
