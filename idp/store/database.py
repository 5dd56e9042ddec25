"""Connections to the identity provider's database: SQLite by default, PostgreSQL in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from idp.errors import StoreUnavailable

BUSY_MS = 5000


class Database:
    """Short transactions; thread-safe, one instance a worker. Connects at the first use."""

    def __init__(self, url: str) -> None:
        sqlite = url.startswith("sqlite")
        self._writer = _engine(url, immediate=True)
        # On SQLite a reader must not take the write lock that BEGIN IMMEDIATE takes.
        self._reader = _engine(url, immediate=False) if sqlite else self._writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises StoreUnavailable."""
        with _guarded(self._reader) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction; what it wrote is durable when the block is left. Raises StoreUnavailable."""
        with _guarded(self._writer) as connection:
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self._writer.dispose()
        self._reader.dispose()


@contextmanager
def _guarded(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        # The driver's text can quote parameters; its class is enough for the log.
        raise StoreUnavailable(detail=f"database: {type(error).__name__}") from error


def _engine(url: str, *, immediate: bool) -> Engine:
    if not url.startswith("sqlite"):
        # pool_pre_ping: a restarted database must not cost the next caller an error.
        return create_engine(
            url,
            # An error's text goes to the log: it must name the statement, never what was written.
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=4,
            max_overflow=4,
            pool_timeout=3,
            connect_args={
                "connect_timeout": 3,
                "options": "-c synchronous_commit=on -c statement_timeout=5000 -c lock_timeout=3000",
            },
        )
    engine = create_engine(
        url, hide_parameters=True, pool_size=4, max_overflow=8, connect_args={"timeout": BUSY_MS / 1000}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins; the driver must not
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Taking the write lock at once: a deferred one can fail halfway with SQLITE_BUSY.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
