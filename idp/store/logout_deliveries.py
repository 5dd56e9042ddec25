"""Logouts that relying parties have to be told (OpenID Connect Back-Channel Logout 1.0), as rows.

A worker claims a row for a while and gets a fence; it writes the outcome only while the fence is still
its own, so one that was paused past its lease changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from idp.store.database import Database
from idp.store.session_tables import logout_delivery

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
# At once to the same client: one that does not answer must not take every thread of the worker.
PER_CLIENT = 2
_row = logout_delivery.c


@dataclass(frozen=True, slots=True)
class Delivery:
    """One logout for one client. ``attempts``: how often it was tried, the one under way included."""

    delivery_id: int
    session_id: str
    person_id: str
    client_id: str
    uri: str
    created_at: int
    attempts: int
    fence: int


@dataclass(frozen=True, slots=True)
class Told:
    """How far one client was told of one session's end. ``state``: waiting, delivered, dead."""

    client_id: str
    state: str


def queue_deliveries(
    connection: Connection, session_id: str, person_id: str, targets: Iterable[tuple[str, str]], now: int
) -> None:
    """One row for each ``(client_id, backchannel_logout_uri)``, due at once."""
    rows = [
        {
            "session_id": session_id,
            "person_id": person_id,
            "client_id": client_id,
            "uri": uri,
            "created_at": now,
            "due_at": now,
            "state": WAITING,
        }
        for client_id, uri in targets
    ]
    if rows:
        connection.execute(insert(logout_delivery), rows)


class LogoutDeliveries:
    """Thread-safe. Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, *, now: int, lease: int, limit: int) -> Sequence[Delivery]:
        """Due rows, oldest first and few of each client, held until ``now + lease``."""
        due = (_row.state == WAITING) & (_row.due_at <= now) & (_row.leased_until <= now)
        busy = (
            select(_row.client_id)
            .where(_row.state == WAITING, _row.leased_until > now)
            .group_by(_row.client_id)
            .having(func.count() >= PER_CLIENT)
        )
        place = func.row_number().over(partition_by=_row.client_id, order_by=(_row.due_at, _row.delivery_id))
        ranked = (
            select(_row.delivery_id, place.label("place")).where(due, _row.client_id.not_in(busy)).subquery()
        )
        with self._database.writing() as connection:
            wanted = (
                select(logout_delivery)
                .where(
                    due,
                    _row.delivery_id.in_(select(ranked.c.delivery_id).where(ranked.c.place <= PER_CLIENT)),
                )
                .order_by(_row.due_at, _row.delivery_id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            found = connection.execute(wanted).mappings().all()
            if found:
                connection.execute(
                    update(logout_delivery)
                    .where(_row.delivery_id.in_([row["delivery_id"] for row in found]))
                    .values(leased_until=now + lease, fence=_row.fence + 1, attempts=_row.attempts + 1)
                )
        return [
            Delivery(
                delivery_id=row["delivery_id"],
                session_id=row["session_id"],
                person_id=row["person_id"],
                client_id=row["client_id"],
                uri=row["uri"],
                created_at=row["created_at"],
                attempts=row["attempts"] + 1,
                fence=row["fence"] + 1,
            )
            for row in found
        ]

    def finish(self, delivery: Delivery, *, state: str, error: str, now: int) -> bool:
        """Delivered or dead. False: the lease was lost, and nothing was written."""
        return self._write(delivery, state=state, last_error=error, finished_at=now, leased_until=0)

    def put_off(self, delivery: Delivery, *, error: str, due_at: int) -> bool:
        """Try again at ``due_at``. False: the lease was lost, and nothing was written."""
        return self._write(delivery, last_error=error, due_at=due_at, leased_until=0)

    def of_session(self, session_id: str) -> Sequence[Told]:
        """How far each client of a session that ended was told."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(_row.client_id, _row.state)
                .where(_row.session_id == session_id)
                .order_by(_row.delivery_id)
            )
            return [Told(row.client_id, row.state) for row in rows]

    def retry(self, client_id: str, now: int) -> int:
        """Have everything of a client that is dead or waiting tried at once; how many."""
        with self._database.writing() as connection:
            return connection.execute(
                update(logout_delivery)
                .where(_row.client_id == client_id, _row.state != DELIVERED, _row.leased_until <= now)
                .values(state=WAITING, due_at=now, created_at=now, attempts=0, finished_at=0)
            ).rowcount

    def forget(self, before: int) -> int:
        """Delete what was finished before; how many."""
        with self._database.writing() as connection:
            return connection.execute(
                delete(logout_delivery).where(_row.state != WAITING, _row.finished_at < before)
            ).rowcount

    def _write(self, delivery: Delivery, **values: object) -> bool:
        mine = (
            (_row.delivery_id == delivery.delivery_id)
            & (_row.fence == delivery.fence)
            & (_row.state == WAITING)
        )
        with self._database.writing() as connection:
            return connection.execute(update(logout_delivery).where(mine).values(**values)).rowcount == 1
