"""Which transactions a system has reported, so that none counts twice; and who its people are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from idp.schema import metadata
from idp.store.session_tables import session, session_client

# ``reference``: SHA-256 (hex) of the system's own id. ``content``: SHA-256 (hex) of what was said of it.
reported_transaction = Table(
    "reported_transaction",
    metadata,
    Column("client_id", String(200), primary_key=True),
    Column("reference", String(64), primary_key=True),
    Column("content", String(64), nullable=False),
    Column("reported_at", BigInteger, nullable=False),
)
Index("ix_reported_transaction_reported_at", reported_transaction.c.reported_at)

_T = TypeVar("_T")

# SQLite takes a limited number of values in one statement.
_ROWS = 200


def add_new(connection: Connection, client_id: str, contents: Mapping[str, str], now: int) -> set[str]:
    """Insert those of ``contents`` (reference to content) that are new; which they were.

    Two calls at once: the second waits for the first, and then finds its rows.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new: set[str] = set()
    # In one order, so that two calls with the same references cannot wait for each other.
    for some in _batches(sorted(contents.items())):
        rows = [
            {"client_id": client_id, "reference": reference, "content": content, "reported_at": now}
            for reference, content in some
        ]
        statement = insert(reported_transaction).values(rows).on_conflict_do_nothing()
        new.update(connection.scalars(statement.returning(reported_transaction.c.reference)))
    return new


def contents_of(connection: Connection, client_id: str, references: Sequence[str]) -> dict[str, str]:
    """What was said of these before: reference to content."""
    found: dict[str, str] = {}
    for some in _batches(references):
        rows = connection.execute(
            select(reported_transaction.c.reference, reported_transaction.c.content).where(
                reported_transaction.c.client_id == client_id, reported_transaction.c.reference.in_(some)
            )
        )
        found.update((row.reference, row.content) for row in rows)
    return found


def people_of_client(connection: Connection, client_id: str) -> Sequence[str]:
    """person_id of everybody who has logged in to this client."""
    return connection.scalars(
        select(session.c.person_id)
        .distinct()
        .join(session_client, session_client.c.session_id == session.c.session_id)
        .where(session_client.c.client_id == client_id)
    ).all()


def forget_reported(connection: Connection, before: int) -> None:
    """Delete what was reported before: too old to be reported again."""
    connection.execute(delete(reported_transaction).where(reported_transaction.c.reported_at < before))


def _batches(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (values[start : start + _ROWS] for start in range(0, len(values), _ROWS))
