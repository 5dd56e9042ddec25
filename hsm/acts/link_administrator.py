"""``link_administrator``: from now on this administrator's passkeys are those of this person."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hsm import people, store
from hsm.acts.credential_life import text
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.row_seals import RowSeals, admin_row
from hsm.database import Database
from hsm.errors import ActMalformed
from policies.model import ActionName, EnrolmentFacts


class LinkAdministrator:
    """{admin_id, person_id}. Two administrators approve it, and the person by a passkey of theirs."""

    def __init__(self, database: Database, seals: RowSeals) -> None:
        self._database = database
        self._seals = seals

    def operations(self) -> dict[ActionName, Operation]:
        return {ActionName.LINK_ADMINISTRATOR: Operation(self._facts, self._link, people=_person)}

    def _facts(self, parameters: dict[str, Any]) -> EnrolmentFacts:
        person_id = text(parameters, "person_id", 200)
        with self._database.reading() as connection:
            state = people.find_person(connection, person_id)
        return EnrolmentFacts(id=person_id, state=state or "new")

    def _link(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        admin_id, person_id = text(parameters, "admin_id", 200), text(parameters, "person_id", 200)
        with self._database.reading() as connection:
            found = store.find_admin(connection, admin_id, by="admin_id")
        if found is None:
            raise ActMalformed("There is no such administrator.")
        # Only what the token sealed before is sealed anew: a forged row does not become a true one.
        self._seals.check(admin_row(found), found.seal)
        linked = replace(found, person_id=person_id)
        sealed = replace(linked, seal=self._seals.seal(admin_row(linked)))

        def change(connection: Connection) -> None:
            if people.find_person(connection, person_id) != "active":
                raise ActMalformed("The person is not active.")
            if not store.link_admin(connection, sealed):
                raise ActMalformed("This person is another administrator already.")

        return {"admin_id": admin_id, "person_id": person_id, "linked_at": int(now.timestamp())}, change


def _person(parameters: dict[str, Any]) -> Mapping[str, str]:
    return {"holder": text(parameters, "person_id", 200)}
