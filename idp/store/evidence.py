"""Events in SQL: written, read back by time or by person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from idp.evidence.event import Event
from idp.store.prepared import Prepared
from idp.store.session_tables import evidence

_WRITTEN = ("at", "name", "person_id", "client_id", "session_id", "request_id", "details")
_WRITE = Prepared(insert(evidence).inline().values({name: bindparam(name) for name in _WRITTEN}))


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with its number. ``seal_id``: 0 until it was sealed."""

    event_id: int
    seal_id: int
    event: Event


def write_events(connection: Connection, events: Iterable[Event]) -> None:
    """Insert them in this order. They must have been checked against the catalogue."""
    rows = [
        {
            "at": event.at,
            "name": event.name,
            "person_id": event.person_id,
            "client_id": event.client_id,
            "session_id": event.session_id,
            "request_id": event.request_id,
            "details": orjson.dumps(dict(event.details), option=orjson.OPT_SORT_KEYS).decode(),
        }
        for event in events
    ]
    if len(rows) == 1:
        _WRITE.run(connection, **rows[0])
    elif rows:
        connection.execute(insert(evidence), rows)


def read_after(connection: Connection, event_id: int, limit: int) -> Sequence[Recorded]:
    """The next ``limit`` events after this number, oldest first."""
    rows = connection.execute(
        select(evidence).where(evidence.c.event_id > event_id).order_by(evidence.c.event_id).limit(limit)
    ).mappings()
    return [recorded(row) for row in rows]


def read_of_person(
    connection: Connection, person_id: str, names: Iterable[str], *, before: int, limit: int
) -> Sequence[Recorded]:
    """A person's events of these names, newest first; ``before``: only lower event numbers, 0 for all."""
    where = [evidence.c.person_id == person_id, evidence.c.name.in_(list(names))]
    if before:
        where.append(evidence.c.event_id < before)
    rows = connection.execute(
        select(evidence).where(*where).order_by(evidence.c.event_id.desc()).limit(limit)
    ).mappings()
    return [recorded(row) for row in rows]


def recorded(row: RowMapping) -> Recorded:
    """A row as an event."""
    event = Event(
        name=row["name"],
        at=row["at"],
        person_id=row["person_id"],
        client_id=row["client_id"],
        session_id=row["session_id"],
        request_id=row["request_id"],
        details=orjson.loads(row["details"]),
    )
    return Recorded(row["event_id"], row["seal_id"], event)
