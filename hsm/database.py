"""Connections to the key process's database: SQLite by default, PostgreSQL in production.

Durability is the point: what ``writing()`` committed survives a power failure.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Executable, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from hsm.errors import StoreUnavailable

BUSY_MS = 5000


class Database:
    """Opens short transactions. Thread-safe; one instance a process."""

    def __init__(self, url: str) -> None:
        self._sqlite = url.startswith("sqlite")
        self.writer = _engine(url, immediate=True)
        # On SQLite a reader must not take the write lock that BEGIN IMMEDIATE takes.
        self.reader = _engine(url, immediate=False) if self._sqlite else self.writer

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, durable when the block has ended. Raises StoreUnavailable."""
        try:
            with self.writer.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreUnavailable("The store is not available.", detail=str(error)) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only look. Raises StoreUnavailable."""
        try:
            with self.reader.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreUnavailable("The store is not available.", detail=str(error)) from error

    def close(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()


def _engine(url: str, *, immediate: bool) -> Engine:
    if not url.startswith("sqlite"):
        # pool_pre_ping: a restarted database must not cost the next caller an error.
        # synchronous_commit: an intent that a crash could lose is no intent.
        return create_engine(
            url,
            # An error's text goes to the log: it must name the statement, never what was written.
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=4,
            max_overflow=8,
            pool_timeout=5,
            connect_args={
                "connect_timeout": 5,
                "options": "-c synchronous_commit=on -c statement_timeout=10000 -c lock_timeout=5000",
            },
        )
    engine = create_engine(
        url, hide_parameters=True, pool_size=8, max_overflow=8, connect_args={"timeout": BUSY_MS / 1000}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins; the driver must not
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    if immediate:

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            # Taking the write lock at once: a deferred one can fail halfway with SQLITE_BUSY.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def changed(connection: Connection, statement: Executable) -> bool:
    """Whether exactly one row was: what an UPDATE that asks for a state finds out by the way."""
    return connection.execute(statement).rowcount == 1
