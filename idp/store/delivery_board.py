"""How logouts reach each client: numbers for the delivery board."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select

from idp.store.database import Database
from idp.store.logout_deliveries import DEAD, DELIVERED, WAITING
from idp.store.session_tables import logout_delivery

_row = logout_delivery.c


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One client. ``share``: of those that are over, how many were delivered; None when none is over.

    ``oldest_waiting``: Unix seconds of the logout that waits longest, or 0. ``last_error``: of the latest
    delivery that is not delivered, one word.
    """

    client_id: str
    delivered: int
    waiting: int
    dead: int
    share: float | None
    oldest_waiting: int
    last_error: str


class DeliveryBoard:
    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, since: int) -> Sequence[BoardRow]:
        """Logouts since then, those with trouble first. Raises StoreUnavailable."""
        with self._database.reading() as connection:
            counted = connection.execute(
                select(
                    _row.client_id,
                    _count(DELIVERED),
                    _count(WAITING),
                    _count(DEAD),
                    func.min(case((_row.state == WAITING, _row.created_at))),
                )
                .where(_row.created_at >= since)
                .group_by(_row.client_id)
            ).all()
            latest = (
                select(func.max(_row.delivery_id))
                .where(_row.created_at >= since, _row.state != DELIVERED, _row.last_error != "")
                .group_by(_row.client_id)
            )
            errors = {
                found.client_id: found.last_error
                for found in connection.execute(
                    select(_row.client_id, _row.last_error).where(_row.delivery_id.in_(latest))
                )
            }
        rows = [
            BoardRow(
                client_id=client_id,
                delivered=int(delivered),
                waiting=int(waiting),
                dead=int(dead),
                share=round(delivered / (delivered + dead), 4) if delivered + dead else None,
                oldest_waiting=oldest or 0,
                last_error=errors.get(client_id, ""),
            )
            for client_id, delivered, waiting, dead, oldest in counted
        ]
        return sorted(rows, key=lambda row: (-row.dead, -row.waiting, row.client_id))


def _count(state: str) -> ColumnElement[int]:
    return func.sum(case((_row.state == state, 1), else_=0))
