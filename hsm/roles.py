"""The key process's SQL for offices, posts and mandates, and whether one of them holds at a moment."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, or_, select, update

from hsm.role_tables import mandate, office, post
from hsm.tables import person

# TL. passed on to a deputy as KT.: no mandate rests on more than one other.
MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class StoredOffice:
    """A row of ``office``."""

    office_id: str
    name: str
    above: str
    training: bool
    state: str
    created_at: int


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A row of ``post``; ``person_state`` is its person's, ``office_state`` its office's."""

    post_id: str
    office_id: str
    person_id: str
    rank: str
    capacity: str
    starts_at: int
    ends_at: int | None = None
    person_state: str = "active"
    office_state: str = "active"

    def held(self, at: int) -> bool:
        """Whether its person held it then. One who was retired holds nothing."""
        active = (self.person_state, self.office_state) == ("active", "active")
        return active and self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class StoredMandate:
    """A row of ``mandate``. ``operations`` and ``document_kinds`` are words parted by spaces."""

    mandate_id: str
    form: str
    office_id: str
    from_post: str | None
    from_mandate: str | None
    to_post: str
    capacity: str
    operations: str
    document_kinds: str
    written: str
    starts_at: int
    ends_at: int | None = None
    revoked_at: int | None = None

    def covers(self, operation: str, document_kind: str) -> bool:
        """Whether it was given for this."""
        kinds = self.document_kinds.split()
        return operation in self.operations.split() and (not kinds or document_kind in kinds)


def find_office(connection: Connection, office_id: str) -> StoredOffice | None:
    row = connection.execute(select(office).where(office.c.office_id == office_id)).mappings().first()
    return StoredOffice(**row) if row else None


def find_post(connection: Connection, post_id: str) -> StoredPost | None:
    row = connection.execute(_posts().where(post.c.post_id == post_id)).mappings().first()
    return _post(row) if row else None


def find_mandate(connection: Connection, mandate_id: str) -> StoredMandate | None:
    row = connection.execute(select(mandate).where(mandate.c.mandate_id == mandate_id)).mappings().first()
    return StoredMandate(**row) if row else None


def posts_of(connection: Connection, person_id: str, at: int) -> list[StoredPost]:
    """The posts a person holds then, in whatever office."""
    rows = connection.execute(_posts().where(post.c.person_id == person_id)).mappings()
    return [found for found in map(_post, rows) if found.held(at)]


def mandates_to(connection: Connection, person_id: str, office_id: str) -> list[StoredMandate]:
    """Every mandate that this person was ever given for this office, the newest first."""
    query = (
        select(mandate)
        .join(post, post.c.post_id == mandate.c.to_post)
        .where(post.c.person_id == person_id, mandate.c.office_id == office_id)
        .order_by(mandate.c.starts_at.desc(), mandate.c.mandate_id)
    )
    return [StoredMandate(**row) for row in connection.execute(query).mappings()]


def everything(connection: Connection, office_id: str) -> dict[str, list[Any]]:
    """Posts and mandates of an office, whatever became of them, oldest first."""
    posts = connection.execute(_posts().where(post.c.office_id == office_id).order_by(post.c.starts_at))
    given = select(mandate).where(mandate.c.office_id == office_id).order_by(mandate.c.starts_at)
    return {
        "posts": [_post(row) for row in posts.mappings()],
        "mandates": [StoredMandate(**row) for row in connection.execute(given).mappings()],
    }


def offices(connection: Connection) -> list[StoredOffice]:
    """Every office, by its id."""
    rows = connection.execute(select(office).order_by(office.c.office_id)).mappings()
    return [StoredOffice(**row) for row in rows]


def mandate_state(connection: Connection, found: StoredMandate, at: int) -> str:
    """valid, revoked, not_yet, expired, or lapsed: its grantor or its holder is out of the post."""
    return _mandate_state(connection, found, at, MAX_DEPTH)


def _mandate_state(connection: Connection, found: StoredMandate, at: int, depth: int) -> str:
    if found.revoked_at is not None and found.revoked_at <= at:
        return "revoked"
    if at < found.starts_at:
        return "not_yet"
    if found.ends_at is not None and at >= found.ends_at:
        return "expired"
    holder = find_post(connection, found.to_post)
    if holder is None or not holder.held(at) or depth == 0:
        return "lapsed"
    if found.from_post is not None:
        grantor = find_post(connection, found.from_post)
        return "valid" if grantor is not None and grantor.held(at) else "lapsed"
    ground = find_mandate(connection, found.from_mandate or "")
    passed_on = ground is not None and _mandate_state(connection, ground, at, depth - 1) == "valid"
    return "valid" if passed_on else "lapsed"


def add_office(connection: Connection, stored: StoredOffice) -> bool:
    """False when there is, or was, one of this id."""
    if find_office(connection, stored.office_id) is not None:
        return False
    connection.execute(insert(office).values(_values(stored)))
    return True


def retire_office(connection: Connection, office_id: str) -> bool:
    return _changed(
        connection,
        update(office)
        .where(office.c.office_id == office_id, office.c.state == "active")
        .values(state="retired"),
    )


def add_post(connection: Connection, stored: StoredPost) -> None:
    values = {k: v for k, v in _values(stored).items() if k not in ("person_state", "office_state")}
    connection.execute(insert(post).values(values))


def end_post(connection: Connection, post_id: str, now: int) -> bool:
    """False when it had ended."""
    return _changed(
        connection,
        update(post)
        .where(post.c.post_id == post_id, or_(post.c.ends_at.is_(None), post.c.ends_at > now))
        .values(ends_at=now),
    )


def add_mandate(connection: Connection, stored: StoredMandate) -> None:
    connection.execute(insert(mandate).values(_values(stored)))


def revoke_mandate(connection: Connection, mandate_id: str, now: int) -> bool:
    """False when it was revoked before."""
    return _changed(
        connection,
        update(mandate)
        .where(mandate.c.mandate_id == mandate_id, mandate.c.revoked_at.is_(None))
        .values(revoked_at=now),
    )


def _posts() -> Select[Any]:
    return (
        select(post, person.c.state.label("person_state"), office.c.state.label("office_state"))
        .join(person, person.c.person_id == post.c.person_id)
        .join(office, office.c.office_id == post.c.office_id)
    )


def _post(row: RowMapping) -> StoredPost:
    return StoredPost(**row)


def _values(stored: Any) -> dict[str, Any]:
    return {one.name: getattr(stored, one.name) for one in fields(stored)}


def _changed(connection: Connection, statement: object) -> bool:
    return connection.execute(statement).rowcount == 1  # type: ignore[call-overload, no-any-return]
