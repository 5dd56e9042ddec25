"""``retire_administrator``: whose work ends approves nothing more, by key or by passkey.

One administrator proposes it by their own key, another approves it by passkey, as a change of policy. Two
always remain: nothing here is done by fewer, so with one left nothing would be done any more.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hsm import store
from hsm.acts.credential_life import text
from hsm.acts.keys import Operation, Result, Witnessed
from hsm.acts.ledger import Change
from hsm.acts.offices import check_names
from hsm.acts.row_seals import RowNotSealed, RowSeals, admin_row
from hsm.database import Database
from hsm.errors import ActMalformed
from hsm.store import StoredAdmin
from policies.model import ActionName, AdministratorFacts

LEAST = 2


class RetireAdministrator:
    """{admin_id, reason}: the reason is for those who approve; the journal has the act's digest only."""

    def __init__(self, database: Database, seals: RowSeals) -> None:
        self._database = database
        self._seals = seals

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.RETIRE_ADMINISTRATOR: Operation(self._facts, _never, witnessed=self._retire),
        }

    def _facts(self, parameters: dict[str, Any]) -> AdministratorFacts:
        admin_id = _read(parameters)
        with self._database.reading() as connection:
            found = store.find_admin(connection, admin_id, by="admin_id")
        if found is None:
            raise ActMalformed("There is no such administrator, or they were retired before.")
        return AdministratorFacts(admin_id, "active", len(self._others(admin_id)))

    def _retire(self, witnessed: Witnessed, now: datetime) -> tuple[Result, Change]:
        admin_id = _read(witnessed.parameters)
        others = self._others(admin_id)

        def change(connection: Connection) -> None:
            # Once more, and locked: two acts at a time could each leave two, and together one.
            remaining = others.intersection(store.active_admins(connection, lock=True))
            if len(remaining) < LEAST:
                raise ActMalformed(f"{LEAST} administrators at least remain: found another one first.")
            if not store.retire_admin(connection, admin_id):
                raise ActMalformed("The administrator was retired meanwhile.")

        return {"admin_id": admin_id, "retired_at": int(now.timestamp())}, change

    def _others(self, admin_id: str) -> frozenset[StoredAdmin]:
        """Who could act in their place: a row that somebody wrote does not count."""
        with self._database.reading() as connection:
            active = store.active_admins(connection)
        return frozenset(one for one in active if one.admin_id != admin_id and self._is_sealed(one))

    def _is_sealed(self, one: StoredAdmin) -> bool:
        try:
            self._seals.check(admin_row(one), one.seal)
        except RowNotSealed:
            return False
        return True


def _read(parameters: dict[str, Any]) -> str:
    check_names(parameters, {"admin_id", "reason"})
    text(parameters, "reason", 500)
    return text(parameters, "admin_id", 200)


def _never(_: dict[str, Any], __: datetime) -> tuple[Result, Change]:
    raise NotImplementedError("an administrator is retired on evidence only")
