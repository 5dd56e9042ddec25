"""Numbers out of the evidence, counted by the database. ``since`` is included, ``until`` is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, case, cast, distinct, func, select, type_coerce

from idp.store.session_tables import evidence, evidence_seal

_IDENTIFIED = ("01", "02")


@dataclass(frozen=True, slots=True)
class Transactions:
    """Of one tier: reported transactions, each counted once, and those that were authenticated."""

    tier: str
    reported: int
    authenticated: int


@dataclass(frozen=True, slots=True)
class Logins:
    """``persons``: who entered a system. ``identified``: of them, with an identity of level 01 or 02."""

    persons: int
    identified: int
    in_two_systems: int
    answers: int
    silent: int


def count_transactions(connection: Connection, since: int, until: int) -> Sequence[Transactions]:
    """A transaction is one reference of one system; reported twice, it counts once, and the better counts."""
    # First the members as columns: PostgreSQL groups by a column, not by an expression with parameters.
    told = (
        select(
            evidence.c.client_id,
            _text(connection, "reference").label("reference"),
            _text(connection, "tier").label("tier"),
            case((evidence.c.name == "transaction.authenticated", 1), else_=0).label("authenticated"),
        )
        .where(
            evidence.c.name.in_(("transaction.authenticated", "transaction.refused")), *_within(since, until)
        )
        .subquery()
    )
    each = (
        select(func.max(told.c.tier).label("tier"), func.max(told.c.authenticated).label("authenticated"))
        .group_by(told.c.client_id, told.c.reference)
        .subquery()
    )
    rows = connection.execute(
        select(each.c.tier, func.count(), func.sum(each.c.authenticated))
        .group_by(each.c.tier)
        .order_by(each.c.tier)
    )
    return [Transactions(tier=row[0] or "", reported=row[1], authenticated=int(row[2])) for row in rows]


def count_logins(connection: Connection, since: int, until: int) -> Logins:
    answered = (evidence.c.name == "authorize.answered", *_within(since, until))
    level = _text(connection, "identity_level")
    identified = case((level.in_(_IDENTIFIED), 1), else_=0)
    person = (
        select(
            evidence.c.person_id,
            func.count(distinct(evidence.c.client_id)).label("systems"),
            func.max(identified).label("identified"),
        )
        .where(*answered)
        .group_by(evidence.c.person_id)
        .subquery()
    )
    persons, known, two = connection.execute(
        select(
            func.count(),
            func.sum(person.c.identified),
            func.sum(case((person.c.systems >= 2, 1), else_=0)),
        ).select_from(person)
    ).one()
    silent = case((_text(connection, "silent").in_(("true", "1")), 1), else_=0)
    answers, without = connection.execute(
        select(func.count(), func.sum(silent)).select_from(evidence).where(*answered)
    ).one()
    return Logins(persons, int(known or 0), int(two or 0), answers, int(without or 0))


def find_systems(connection: Connection, since: int, until: int) -> Sequence[str]:
    """The systems that let a person in or were given a token."""
    rows = connection.scalars(
        select(evidence.c.client_id)
        .distinct()
        .where(
            evidence.c.name.in_(("authorize.answered", "token.issued")),
            evidence.c.client_id != "",
            *_within(since, until),
        )
    )
    return sorted(rows)


def last_seal(connection: Connection) -> tuple[int, str]:
    """The newest seal's number and chain: what the numbers rest on."""
    row = connection.execute(
        select(evidence_seal.c.seal_id, evidence_seal.c.chained)
        .order_by(evidence_seal.c.seal_id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else (0, "")


def count_unsealed(connection: Connection, since: int, until: int) -> int:
    """Events of the period that no seal covers yet: the numbers may still change."""
    found = select(func.count()).where(evidence.c.seal_id == 0, *_within(since, until))
    return connection.scalar(found) or 0


def _within(since: int, until: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return evidence.c.at >= since, evidence.c.at < until


def _text(connection: Connection, name: str) -> ColumnElement[Any]:
    """A member of the details, as text."""
    if connection.dialect.name == "postgresql":
        found: ColumnElement[Any] = cast(evidence.c.details, JSON)[name].as_string()
        return found
    # SQLite has no JSON type to cast to: its functions read the text.
    member: ColumnElement[Any] = type_coerce(evidence.c.details, JSON)[name].as_string()
    return member
