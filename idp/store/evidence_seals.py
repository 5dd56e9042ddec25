"""Seal what was recorded, so that a change or a deletion shows; delete it when its time is over.

A seal covers the events that were there when it was made, by number; each seal covers the one before. What
is taken out of a sealed set, changed or slipped in is found by ``verify``. Whoever can write the whole
database can also make all seals anew: that is why each goes to the SOC (evidence/export.py), whose copy
decides. An event that is not sealed yet (``SEAL_SECONDS``) could be removed without a trace.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text, update

from idp.evidence.digest import GENESIS, chained_digest, events_digest
from idp.store.evidence import Recorded, recorded
from idp.store.session_tables import evidence, evidence_seal, evidence_sent

SEAL_SECONDS = 10
MAX_SEALED = 5000
_LOCK = 0x65766964  # any number, the same for every worker


@dataclass(frozen=True, slots=True)
class Seal:
    """``digest``: of its events; ``chained``: of that and the seal before. ``purged_at``: 0 before that."""

    seal_id: int
    sealed_at: int
    first_at: int
    last_at: int
    events: int
    digest: str
    chained: str
    purged_at: int


def seal_events(connection: Connection, now: int) -> Seal | None:
    """One seal over what has none; None when there is nothing. One worker at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    rows = connection.execute(
        select(evidence).where(evidence.c.seal_id == 0).order_by(evidence.c.event_id).limit(MAX_SEALED)
    ).mappings()
    found = [recorded(row) for row in rows]
    if not found:
        return None
    last = connection.execute(
        select(evidence_seal).order_by(evidence_seal.c.seal_id.desc()).limit(1)
    ).mappings()
    before = last.first()
    digest = _digest(found)
    seal = Seal(
        seal_id=before["seal_id"] + 1 if before else 1,
        sealed_at=now,
        first_at=min(each.event.at for each in found),
        last_at=max(each.event.at for each in found),
        events=len(found),
        digest=digest,
        chained=chained_digest(
            before["chained"] if before else GENESIS, sealed_at=now, events=len(found), digest=digest
        ),
        purged_at=0,
    )
    connection.execute(insert(evidence_seal).values(**{name: getattr(seal, name) for name in _NAMES}))
    connection.execute(
        update(evidence)
        .where(evidence.c.event_id.in_([each.event_id for each in found]))
        .values(seal_id=seal.seal_id)
    )
    return seal


def seals_after(connection: Connection, seal_id: int, limit: int) -> Sequence[Seal]:
    """The next seals, oldest first."""
    rows = connection.execute(
        select(evidence_seal)
        .where(evidence_seal.c.seal_id > seal_id)
        .order_by(evidence_seal.c.seal_id)
        .limit(limit)
    ).mappings()
    return [_seal(row) for row in rows]


def events_of(connection: Connection, seal_id: int) -> Sequence[Recorded]:
    """The events under one seal, in the order of their numbers."""
    rows = connection.execute(
        select(evidence).where(evidence.c.seal_id == seal_id).order_by(evidence.c.event_id)
    ).mappings()
    return [recorded(row) for row in rows]


def sent_until(connection: Connection, destination: str) -> int:
    """The last seal that this destination has; 0 for none."""
    where = evidence_sent.c.destination == destination
    return connection.scalar(select(evidence_sent.c.seal_id).where(where)) or 0


def mark_sent(connection: Connection, destination: str, seal_id: int, now: int) -> None:
    """This destination has this seal and all before it."""
    where = evidence_sent.c.destination == destination
    changed = connection.execute(update(evidence_sent).where(where).values(seal_id=seal_id, sent_at=now))
    if changed.rowcount == 0:
        connection.execute(
            insert(evidence_sent).values(destination=destination, seal_id=seal_id, sent_at=now)
        )


def purge(connection: Connection, *, before: int, now: int) -> tuple[int, int, int] | None:
    """Delete the events of seals that are older in whole; (events, first seal, last seal). The seals stay,
    so that the chain still holds.
    """
    old = (evidence_seal.c.last_at < before) & (evidence_seal.c.purged_at == 0)
    ids = list(
        connection.scalars(select(evidence_seal.c.seal_id).where(old).order_by(evidence_seal.c.seal_id))
    )
    if not ids:
        return None
    gone = connection.execute(delete(evidence).where(evidence.c.seal_id.in_(ids))).rowcount
    connection.execute(update(evidence_seal).where(evidence_seal.c.seal_id.in_(ids)).values(purged_at=now))
    return gone, ids[0], ids[-1]


def verify(connection: Connection, *, retained_since: int) -> Iterator[str]:
    """What is wrong with the evidence, in words; nothing when all of it holds.

    ``retained_since``: events from then on may not have been purged.
    """
    before, number = GENESIS, 0
    while batch := seals_after(connection, number, 500):
        for seal in batch:
            if seal.seal_id != number + 1:
                yield f"seals {number + 1} to {seal.seal_id - 1} are missing"
            expected = chained_digest(
                before, sealed_at=seal.sealed_at, events=seal.events, digest=seal.digest
            )
            if seal.chained != expected:
                yield f"seal {seal.seal_id} does not follow the one before it"
            yield from _verify_events(connection, seal, retained_since)
            before, number = seal.chained, seal.seal_id
    stray = connection.scalar(select(func.count()).where(evidence.c.seal_id > number))
    if stray:
        yield f"{stray} events name a seal that is missing"


def _verify_events(connection: Connection, seal: Seal, retained_since: int) -> Iterator[str]:
    found = events_of(connection, seal.seal_id)
    if seal.purged_at:
        if found:
            yield f"seal {seal.seal_id} was purged and has {len(found)} events"
        if seal.last_at >= retained_since:
            yield f"seal {seal.seal_id} was purged before its time"
    elif len(found) != seal.events:
        yield f"seal {seal.seal_id} covers {seal.events} events and {len(found)} are there"
    elif _digest(found) != seal.digest:
        yield f"the events of seal {seal.seal_id} were changed"


_NAMES = tuple(Seal.__dataclass_fields__)


def _digest(found: Sequence[Recorded]) -> str:
    return events_digest((each.event_id, each.event) for each in found)


def _seal(row: RowMapping) -> Seal:
    return Seal(**{name: row[name] for name in _NAMES})
