"""Mandates: who signs in whose stead (Decree 30/2020/NĐ-CP, Art. 13).

TM. for a collective, KT. for the head, TL. by order, TUQ. by authorisation, Q. as acting head. Two
administrators approve it, and the grantor with their own passkey; the rules of who may give what to whom
stand in ``policies/rules/mandates.cedar``.
"""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from hsm import roles
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.office_operation import BY_PERSON
from hsm.acts.offices import check_capacity, check_names, one_line, term
from hsm.database import Database
from hsm.errors import ActMalformed
from hsm.roles import StoredMandate, StoredPost
from policies.model import ActionName
from policies.office_life import FORMS, MandateFacts

MAX_KINDS = 50
# The facts are asked for without a clock: what the times are is read, whether they are to come is seen later.
_NO_CLOCK = datetime.fromtimestamp(0, UTC)
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_OPTIONAL = {"from_post", "from_mandate", "operations", "document_kinds", "written", "starts_at", "ends_at"}


class Mandates:
    """The operations; parameters stand with each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.GIVE_MANDATE: Operation(self._new_facts, self._give, people=self._grantor),
            ActionName.REVOKE_MANDATE: Operation(self._facts, self._revoke),
        }

    def _give(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{form, office, to_post, capacity}, and from_post or from_mandate; perhaps more.

        ``from_post``: the post by which the grantor gives it; ``from_mandate``: the mandate TL. that is
        passed on. ``capacity``: the words to sign under, in which the form stands. ``operations``: of
        sign (also when left out), initial, comment; ``document_kinds``: all when left out. ``written``:
        number and date of the document it is given by. ``starts_at``, ``ends_at``: Unix seconds.
        """
        stored = _read(parameters, now)
        moment = int(now.timestamp())

        def change(connection: Connection) -> None:
            # Once more in this transaction: who held what at step 3 may have lost it.
            ground, holder = _ground(connection, stored), roles.find_post(connection, stored.to_post)
            if ground is None or not ground.held(moment) or holder is None or not holder.held(moment):
                raise ActMalformed("The grantor or the receiver does not hold the post.")
            passed_on = roles.find_mandate(connection, stored.from_mandate or "")
            if passed_on is not None and roles.mandate_state(connection, passed_on, moment) != "valid":
                raise ActMalformed("The mandate that is passed on is not in force.")
            _check_within(connection, stored, ground)
            roles.add_mandate(connection, stored)

        result: Result = {
            "mandate": stored.mandate_id,
            "capacity": stored.capacity,
            "starts_at": stored.starts_at,
            "ends_at": stored.ends_at,
        }
        return result, change

    def _new_facts(self, parameters: dict[str, Any]) -> MandateFacts:
        stored = _read(parameters, _NO_CLOCK)
        with self._database.reading() as connection:
            office = roles.find_office(connection, stored.office_id)
            holder = roles.find_post(connection, stored.to_post)
            grantor = _grantor_by(connection, parameters)
            post = _grantor_post(connection, parameters)
            place = _place(connection, holder, stored.office_id)
            if post is not None:
                _check_within(connection, stored, post)
        return MandateFacts(
            id="",
            state="new",
            form=stored.form,
            office=office.state if office else "unknown",
            grantor=grantor,
            grantee=holder.rank if holder else "",
            grantee_place=place,
            grantee_own=bool(holder and post and holder.office_id == post.office_id),
            written=bool(stored.written),
            ends=stored.ends_at is not None,
            limited=bool(stored.document_kinds),
            training=bool(office and office.training),
        )

    def _grantor(self, parameters: dict[str, Any]) -> dict[str, str]:
        with self._database.reading() as connection:
            post = _grantor_post(connection, parameters)
        return {"grantor": post.person_id} if post else {}

    def _facts(self, parameters: dict[str, Any]) -> MandateFacts:
        mandate_id = one_line(parameters, "mandate")
        with self._database.reading() as connection:
            found = roles.find_mandate(connection, mandate_id)
        if found is None:
            raise ActMalformed("There is no such mandate.")
        state = "given" if found.revoked_at is None else "revoked"
        return MandateFacts(id=mandate_id, state=state, form=found.form)

    def _revoke(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{mandate}: at once, with every mandate that rests on it."""
        check_names(parameters, {"mandate"})
        mandate_id, moment = one_line(parameters, "mandate"), int(now.timestamp())

        def change(connection: Connection) -> None:
            if not roles.revoke_mandate(connection, mandate_id, moment):
                raise ActMalformed("The mandate was revoked before.")

        return {"mandate": mandate_id, "revoked_at": moment}, change


def _read(parameters: dict[str, Any], now: datetime) -> StoredMandate:
    check_names(parameters, {"form", "office", "to_post", "capacity"}, _OPTIONAL)
    form, capacity = one_line(parameters, "form"), check_capacity(parameters)
    if form not in FORMS:
        raise ActMalformed(f"form is one of {', '.join(FORMS)}.")
    if not any(line.startswith(f"{form}. ") for line in capacity.split(" / ")):
        raise ActMalformed(f'A line of the capacity begins with "{form}. ".')
    if ("from_post" in parameters) == ("from_mandate" in parameters):
        raise ActMalformed("A mandate is given from_post, or passed on from_mandate: one of the two.")
    starts_at, ends_at = term(parameters, now)
    return StoredMandate(
        mandate_id=str(uuid.uuid4()),
        form=form,
        office_id=one_line(parameters, "office"),
        from_post=one_line(parameters, "from_post") if "from_post" in parameters else None,
        from_mandate=one_line(parameters, "from_mandate") if "from_mandate" in parameters else None,
        to_post=one_line(parameters, "to_post"),
        capacity=capacity,
        operations=" ".join(_words(parameters, "operations", ["sign"], allowed=BY_PERSON)),
        document_kinds=" ".join(_words(parameters, "document_kinds", [])),
        written=one_line(parameters, "written") if parameters.get("written") else "",
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _check_within(connection: Connection, stored: StoredMandate, ground: StoredPost) -> None:
    """Nobody gives more than they hold. Raises ActMalformed.

    ``ground``: the post of who gives it. What no rule of the policy can open, so it is not left to one.
    """
    if roles.outlasts(stored.ends_at, ground.ends_at):
        raise ActMalformed("The grantor's post ends before that: name an ends_at no later than its end.")
    if stored.from_mandate is None:
        return
    chain = roles.mandate_chain(connection, stored)
    if not chain:
        raise ActMalformed(f"A mandate of this office is passed on, {roles.MAX_DEPTH - 1} times at most.")
    if beyond := stored.beyond(chain[1]):
        raise ActMalformed(
            f"The mandate that is passed on gives less: narrow {', '.join(beyond)} to what it gives."
        )


def _words(
    parameters: dict[str, Any], name: str, otherwise: list[str], *, allowed: frozenset[str] | None = None
) -> list[str]:
    words = parameters.get(name, otherwise)
    if not isinstance(words, list) or len(words) > MAX_KINDS or (name in parameters and not words):
        raise ActMalformed(f"{name} is a list of 1 to {MAX_KINDS} words.")
    for word in words:
        if not isinstance(word, str) or not _KIND.fullmatch(word) or (allowed and word not in allowed):
            raise ActMalformed(f"{name} holds a word that is none of it.")
    return sorted(set(words))


def _grantor_by(connection: Connection, parameters: dict[str, Any]) -> str:
    """By what it is given: head, above, the form of the mandate that is passed on, or none."""
    if "from_mandate" in parameters:
        passed_on = roles.find_mandate(connection, one_line(parameters, "from_mandate"))
        if passed_on is None or passed_on.office_id != parameters["office"]:
            return "none"
        # An acting head has the head's powers.
        return "head" if passed_on.form == "Q" else passed_on.form
    post = _grantor_post(connection, parameters)
    if post is None or post.rank != "head":
        return "none"
    if post.office_id == parameters["office"]:
        return "head"
    office = roles.find_office(connection, parameters["office"])
    return "above" if office is not None and office.above == post.office_id else "none"


def _grantor_post(connection: Connection, parameters: dict[str, Any]) -> StoredPost | None:
    if "from_mandate" in parameters:
        passed_on = roles.find_mandate(connection, one_line(parameters, "from_mandate"))
        return roles.find_post(connection, passed_on.to_post) if passed_on else None
    return roles.find_post(connection, one_line(parameters, "from_post"))


def _ground(connection: Connection, stored: StoredMandate) -> StoredPost | None:
    name = "from_post" if stored.from_post else "from_mandate"
    return _grantor_post(connection, {name: stored.from_post or stored.from_mandate})


def _place(connection: Connection, holder: StoredPost | None, office_id: str) -> str:
    if holder is None:
        return "elsewhere"
    if holder.office_id == office_id:
        return "here"
    below = roles.find_office(connection, holder.office_id)
    return "below" if below is not None and below.above == office_id else "elsewhere"
