"""SQL compiled once: every token waits for it, and building a statement costs more than running it."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.expression import Select


@dataclass(frozen=True, slots=True)
class _Text:
    """``order``: of the values; None for a driver (PostgreSQL's) that takes them by name."""

    sql: str
    fixed: Mapping[str, Any]
    order: tuple[str, ...] | None


class Prepared:
    """One statement of the hot paths. Its values are ints and texts, which drivers take and give as they are.

    A Boolean column's value comes back as the driver has it (0 and 1 from SQLite). Thread-safe. Runs in the
    connection's transaction and raises DBAPIError, as SQLAlchemy itself would.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | UpdateBase) -> None:
        self._statement = statement
        self._texts: dict[str, _Text] = {}

    def first(self, connection: Connection, **values: object) -> dict[str, Any] | None:
        """The first row by the names of its columns."""
        with self._executed(connection, values) as cursor:
            row = cursor.fetchone()
            if row is None:
                return None
            return dict(zip((column[0] for column in cursor.description), row, strict=True))

    def all(self, connection: Connection, **values: object) -> list[dict[str, Any]]:
        """Every row, as ``first`` gives one."""
        with self._executed(connection, values) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def run(self, connection: Connection, **values: object) -> int:
        """How many rows were changed."""
        with self._executed(connection, values) as cursor:
            return int(cursor.rowcount)

    @contextmanager
    def _executed(self, connection: Connection, values: Mapping[str, object]) -> Iterator[Any]:
        text = self._texts.get(connection.dialect.name) or self._compile(connection.dialect)
        values = {**text.fixed, **values}
        if not connection.in_transaction():
            # As SQLAlchemy would: a statement outside a transaction could not be taken back.
            connection.begin()
        errors = connection.dialect.loaded_dbapi.Error
        try:
            # The driver's own cursor: SQLAlchemy's bookkeeping around it costs as much as the statement.
            with closing(connection.connection.cursor()) as cursor:
                given = values if text.order is None else [values[name] for name in text.order]
                cursor.execute(text.sql, given)
                yield cursor
        except errors as error:
            raise DBAPIError.instance(
                text.sql, None, error, errors, hide_parameters=True, dialect=connection.dialect
            ) from error

    def _compile(self, dialect: Dialect) -> _Text:
        compiled = self._statement.compile(dialect=dialect)
        order = getattr(compiled, "positiontup", None)
        # What the statement itself fixes; what the caller must give has no value yet.
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        text = _Text(str(compiled), fixed, tuple(order) if order is not None else None)
        self._texts[dialect.name] = text
        return text
