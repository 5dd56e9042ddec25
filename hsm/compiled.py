"""SQL compiled once: a signature waits for every statement, and building one costs more than running it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

Row = Mapping[str, object]
T = TypeVar("T")


class Compiled:
    """One statement as text for one dialect. Drivers take its values, ints, texts and bytes, as they are."""

    def __init__(self, statement: UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        # None for a dialect (PostgreSQL) that takes values by name.
        self._order: list[str] | None = getattr(compiled, "positiontup", None)

    def execute(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Run it for each row, in the connection's transaction; return the number of rows changed.

        Raises DBAPIError, as SQLAlchemy itself would.
        """
        values: list[Any]
        if self._order is None:
            values = [dict(row) for row in rows]
        else:
            values = [tuple(row[name] for name in self._order) for row in rows]
        if not connection.in_transaction():
            # As SQLAlchemy would: a statement outside a transaction could not be taken back.
            connection.begin()
        errors = connection.dialect.loaded_dbapi.Error
        # The driver's own cursor: SQLAlchemy's bookkeeping around it costs as much as the statement.
        cursor = connection.connection.cursor()
        try:
            if len(values) == 1:
                cursor.execute(self._sql, values[0])
            else:
                cursor.executemany(self._sql, values)
            return int(cursor.rowcount)
        except errors as error:
            raise DBAPIError.instance(
                self._sql, None, error, errors, hide_parameters=True, dialect=connection.dialect
            ) from error
        finally:
            cursor.close()


class PerDialect(Generic[T]):
    """A module's statements, made when a dialect first needs them: call it with a connection."""

    def __init__(self, make: Callable[[Dialect], T]) -> None:
        self._make = make
        self._made: dict[str, T] = {}

    def __call__(self, connection: Connection) -> T:
        name = connection.dialect.name
        if name not in self._made:
            self._made[name] = self._make(connection.dialect)
        return self._made[name]
