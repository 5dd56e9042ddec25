"""The key process's SQL for offices, posts and mandates, and whether one of them holds at a moment."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, or_, select, update

from hsm.database import changed
from hsm.role_tables import mandate, office, post
from hsm.tables import person

# Q., TL. by the acting head, KT. by their unit's head, and one to spare.
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

    def runs(self, at: int) -> bool:
        """Whether its own time has come, and neither passed nor been cut short."""
        ends = (self.ends_at, self.revoked_at)
        return self.starts_at <= at and all(end is None or at < end for end in ends)

    def beyond(self, ground: "StoredMandate") -> tuple[str, ...]:
        """In which members it gives more than the mandate it rests on: nobody passes on what is not theirs.

        When it starts is not among them: only what is in force is passed on, and nothing starts in the past.
        """
        kinds, held = set(self.document_kinds.split()), set(ground.document_kinds.split())
        wider = {
            "office": self.office_id != ground.office_id,
            "operations": not set(self.operations.split()) <= set(ground.operations.split()),
            # No kinds at all means every kind.
            "document_kinds": bool(held) and not (kinds and kinds <= held),
            "ends_at": outlasts(self.ends_at, ground.ends_at),
        }
        return tuple(name for name, is_wider in wider.items() if is_wider)


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


def mandates_to(connection: Connection, person_id: str, office_id: str = "") -> list[StoredMandate]:
    """Every mandate that this person was ever given (for this office), the newest first."""
    query = (
        select(mandate)
        .join(post, post.c.post_id == mandate.c.to_post)
        .where(post.c.person_id == person_id)
        .order_by(mandate.c.starts_at.desc(), mandate.c.mandate_id)
    )
    if office_id:
        query = query.where(mandate.c.office_id == office_id)
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


def outlasts(ends_at: int | None, ground_ends_at: int | None) -> bool:
    """Whether what ends then, or never, would outlast what it rests on."""
    return ground_ends_at is not None and (ends_at is None or ends_at > ground_ends_at)


def mandate_chain(connection: Connection, found: StoredMandate) -> tuple[StoredMandate, ...]:
    """A mandate and those it rests on, the one that a post's holder gave last.

    Empty when it rests on nothing, on more than ``MAX_DEPTH``, or on one of another office.
    """
    chain = [found]
    while chain[-1].from_post is None:
        ground = find_mandate(connection, chain[-1].from_mandate or "")
        if ground is None or ground.office_id != found.office_id or len(chain) == MAX_DEPTH:
            return ()
        chain.append(ground)
    return tuple(chain)


def mandate_state(
    connection: Connection, found: StoredMandate, at: int, use: tuple[str, str] | None = None
) -> str:
    """valid, revoked, not_yet, expired; lapsed: its ground, its grantor or its holder holds no more.

    ``use``: an operation and a kind of document; scope when it was not given for this, or when what it rests
    on was not: every level is asked, whatever a row further up says.
    """
    if found.revoked_at is not None and found.revoked_at <= at:
        return "revoked"
    if at < found.starts_at:
        return "not_yet"
    if found.ends_at is not None and at >= found.ends_at:
        return "expired"
    chain = mandate_chain(connection, found)
    if not chain or not all(_in_force(connection, one, at) for one in chain):
        return "lapsed"
    return "scope" if use and not all(one.covers(*use) for one in chain) else "valid"


def _in_force(connection: Connection, one: StoredMandate, at: int) -> bool:
    posts = [find_post(connection, post_id) for post_id in (one.to_post, one.from_post) if post_id]
    return one.runs(at) and all(post is not None and post.held(at) for post in posts)


def add_office(connection: Connection, stored: StoredOffice) -> bool:
    """False when there is, or was, one of this id."""
    if find_office(connection, stored.office_id) is not None:
        return False
    connection.execute(insert(office).values(_values(stored)))
    return True


def retire_office(connection: Connection, office_id: str) -> bool:
    return changed(
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
    return changed(
        connection,
        update(post)
        .where(post.c.post_id == post_id, or_(post.c.ends_at.is_(None), post.c.ends_at > now))
        .values(ends_at=now),
    )


def add_mandate(connection: Connection, stored: StoredMandate) -> None:
    connection.execute(insert(mandate).values(_values(stored)))


def revoke_mandate(connection: Connection, mandate_id: str, now: int) -> bool:
    """False when it was revoked before."""
    return changed(
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
