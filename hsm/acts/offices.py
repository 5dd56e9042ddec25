"""Offices and the posts in them: registered, given, ended. Two administrators approve each of these."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hsm import people, roles
from hsm.acts.credential_life import text
from hsm.acts.keys import MAX_LIFETIME, Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.office_operation import MAX_CAPACITY, MISLEADING
from hsm.database import Database
from hsm.errors import ActMalformed
from hsm.roles import StoredOffice, StoredPost
from policies.model import ActionName
from policies.office_life import OfficeFacts, PostFacts

# What only a mandate gives (Decree 30/2020 Art. 13); TM. and Q. a post may have by itself.
_BY_MANDATE = ("KT.", "TL.", "TUQ.")


class Offices:
    """The operations; parameters stand with each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.REGISTER_OFFICE: Operation(self._office_facts, self._register),
            ActionName.RETIRE_OFFICE: Operation(self._office_facts, self._retire),
            ActionName.GIVE_POST: Operation(self._new_post_facts, self._give),
            ActionName.END_POST: Operation(self._post_facts, self._end),
        }

    def _office_facts(self, parameters: dict[str, Any]) -> OfficeFacts:
        office_id = text(parameters, "office", 200)
        with self._database.reading() as connection:
            found = roles.find_office(connection, office_id)
        return OfficeFacts(office_id, found.state if found else "new")

    def _register(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{office, name}, and perhaps above (an office's id) and training."""
        check_names(parameters, {"office", "name"}, {"above", "training"})
        above = one_line(parameters, "above") if "above" in parameters else ""
        stored = StoredOffice(
            office_id=one_line(parameters, "office"),
            name=one_line(parameters, "name", 300),
            above=above,
            training=parameters.get("training") is True,
            state="active",
            created_at=int(now.timestamp()),
        )

        def change(connection: Connection) -> None:
            if above and (above == stored.office_id or roles.find_office(connection, above) is None):
                raise ActMalformed("There is no such office above.")
            if not roles.add_office(connection, stored):
                raise ActMalformed("There is, or was, an office of this id.")

        return {"office": stored.office_id, "state": "active"}, change

    def _retire(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{office}: nobody signs for it from then on; its posts and mandates hold no more."""
        check_names(parameters, {"office"})
        office_id = one_line(parameters, "office")

        def change(connection: Connection) -> None:
            if not roles.retire_office(connection, office_id):
                raise ActMalformed("There is no such active office.")

        return {"office": office_id, "state": "retired", "at": int(now.timestamp())}, change

    def _new_post_facts(self, parameters: dict[str, Any]) -> PostFacts:
        office_id, person_id = one_line(parameters, "office"), one_line(parameters, "person_id")
        with self._database.reading() as connection:
            found = roles.find_office(connection, office_id)
            person = people.find_person(connection, person_id)
        return PostFacts(
            id="",
            state="new",
            rank=one_line(parameters, "rank"),
            office=found.state if found else "unknown",
            person=person or "unknown",
        )

    def _give(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{office, person_id, rank, capacity}, and perhaps starts_at and ends_at.

        ``rank``: head (signs in their own right), deputy, unit_head, unit_deputy, member. ``capacity``: what
        stands above the signature, "TM. ỦY BAN NHÂN DÂN / CHỦ TỊCH".
        """
        check_names(parameters, {"office", "person_id", "rank", "capacity"}, {"starts_at", "ends_at"})
        starts_at, ends_at = term(parameters, now)
        capacity = check_capacity(parameters)
        if any(line.startswith(_BY_MANDATE) for line in capacity.split(" / ")):
            raise ActMalformed("KT., TL. and TUQ. are given by a mandate: leave them out of a post.")
        stored = StoredPost(
            post_id=str(uuid.uuid4()),
            office_id=one_line(parameters, "office"),
            person_id=one_line(parameters, "person_id"),
            rank=one_line(parameters, "rank"),
            capacity=capacity,
            starts_at=starts_at,
            ends_at=ends_at,
        )

        def change(connection: Connection) -> None:
            # Once more in this transaction: the person may have left, the office gone, since step 3.
            found = roles.find_office(connection, stored.office_id)
            if found is None or found.state != "active":
                raise ActMalformed("There is no such active office.")
            if people.find_person(connection, stored.person_id) != "active":
                raise ActMalformed("The person is not active.")
            roles.add_post(connection, stored)

        return {"post": stored.post_id, "starts_at": starts_at, "ends_at": ends_at}, change

    def _post_facts(self, parameters: dict[str, Any]) -> PostFacts:
        post_id = one_line(parameters, "post")
        with self._database.reading() as connection:
            found = roles.find_post(connection, post_id)
        if found is None:
            raise ActMalformed("There is no such post.")
        return PostFacts(
            id=post_id,
            state="given",
            rank=found.rank,
            office=found.office_state,
            person=found.person_state,
        )

    def _end(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{post}: at once; every mandate that rests on it lapses."""
        check_names(parameters, {"post"})
        post_id, moment = one_line(parameters, "post"), int(now.timestamp())

        def change(connection: Connection) -> None:
            if not roles.end_post(connection, post_id, moment):
                raise ActMalformed("The post has ended.")

        return {"post": post_id, "ends_at": moment}, change


def check_names(
    parameters: dict[str, Any], needed: set[str], possible: frozenset[str] | set[str] = frozenset()
) -> None:
    """Raises ActMalformed for a parameter that is missing or that nobody knows."""
    if not needed <= parameters.keys() <= needed | possible:
        more = f", and perhaps {', '.join(sorted(possible))}" if possible else ""
        raise ActMalformed(f"The act's parameters are {', '.join(sorted(needed))}{more}.")


def one_line(parameters: dict[str, Any], name: str, maximum: int = 200) -> str:
    """A text that reads as it is written. Raises ActMalformed."""
    value = text(parameters, name, maximum)
    if MISLEADING.search(value):
        raise ActMalformed(f"{name} holds no control and no direction characters.")
    return value


def check_capacity(parameters: dict[str, Any]) -> str:
    """Lines parted by " / ", none of them empty. Raises ActMalformed."""
    capacity = one_line(parameters, "capacity", MAX_CAPACITY)
    if any(line != line.strip() or not line for line in capacity.split(" / ")):
        raise ActMalformed('capacity: lines parted by " / ", such as "KT. CHỦ TỊCH / PHÓ CHỦ TỊCH".')
    return capacity


def term(parameters: dict[str, Any], now: datetime) -> tuple[int, int | None]:
    """From when, and until when. Raises ActMalformed.

    Never in the past, so that nobody becomes competent for what they signed before; a start within the
    day that approvals may take becomes now.
    """
    moment = int(now.timestamp())
    starts_at, ends_at = parameters.get("starts_at", moment), parameters.get("ends_at")
    if type(starts_at) is not int or starts_at < moment - MAX_LIFETIME:
        raise ActMalformed("starts_at is in Unix seconds, and not in the past.")
    starts_at = max(starts_at, moment)
    if ends_at is not None and (type(ends_at) is not int or ends_at <= starts_at):
        raise ActMalformed("ends_at is in Unix seconds, after starts_at and to come.")
    return starts_at, ends_at
