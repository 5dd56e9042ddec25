"""SQL compiled once: a signature waits for every statement, and building one costs more than running it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase

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
