"""What SCIM keeps besides the directory, and how it reads many officials at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from idp.directory.person import OFFICIAL, Person, Post
from idp.store.people_tables import organisation, person, post
from idp.store.registration_tables import provisioned

USER, GROUP = "user", "group"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Provision:
    """Who provisioned a resource. Of one that came otherwise, all but the times is empty."""

    kind: str
    resource_id: str
    external_id: str = ""
    client_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    created_at: int = 0
    changed_at: int = 0


@dataclass(frozen=True, slots=True)
class Official:
    """A person as SCIM sees one: without personal number and mandates."""

    person: Person
    provision: Provision


def find_provision(connection: Connection, kind: str, resource_id: str) -> Provision | None:
    where = (provisioned.c.kind == kind) & (provisioned.c.resource_id == resource_id)
    row = connection.execute(select(provisioned).where(where)).mappings().first()
    return _provision(row) if row else None


def save_provision(connection: Connection, saved: Provision, now: int) -> Provision:
    """Insert, or replace all but who made it and when."""
    values = {
        "external_id": saved.external_id or None,
        "attributes": orjson.dumps(dict(saved.attributes)).decode(),
        "changed_at": now,
    }
    where = (provisioned.c.kind == saved.kind) & (provisioned.c.resource_id == saved.resource_id)
    if connection.execute(update(provisioned).where(where).values(**values)).rowcount == 0:
        saved = replace(saved, created_at=saved.created_at or now)
        values |= {
            "kind": saved.kind,
            "resource_id": saved.resource_id,
            "client_id": saved.client_id,
            "created_at": saved.created_at,
        }
        connection.execute(insert(provisioned).values(**values))
    return replace(saved, changed_at=now)


def forget_provision(connection: Connection, kind: str, resource_id: str) -> None:
    where = (provisioned.c.kind == kind) & (provisioned.c.resource_id == resource_id)
    connection.execute(delete(provisioned).where(where))


def count_officials(connection: Connection) -> int:
    where = (person.c.kind == OFFICIAL) & person.c.username.is_not(None)
    return int(connection.scalar(select(func.count()).select_from(person).where(where)) or 0)


def read_officials(connection: Connection, *where: Any) -> Iterator[Official]:
    """Those that have a username, by person_id, two queries a batch. ``where``: of person, provisioned."""
    after = ""
    while True:
        rows = (
            connection.execute(
                select(person, *_COLUMNS)
                .join(
                    provisioned,
                    (provisioned.c.resource_id == person.c.person_id) & (provisioned.c.kind == USER),
                    isouter=True,
                )
                .where(
                    person.c.kind == OFFICIAL,
                    person.c.username.is_not(None),
                    person.c.person_id > after,
                    *where,
                )
                .order_by(person.c.person_id)
                .limit(_BATCH)
            )
            .mappings()
            .all()
        )
        posts = _posts_of(connection, [row["person_id"] for row in rows])
        for row in rows:
            yield Official(_person(row, posts.get(row["person_id"], ())), _provision_beside(row))
        if len(rows) < _BATCH:
            return
        after = rows[-1]["person_id"]


def has_external_id(external_id: str) -> Any:
    """For ``read_officials``."""
    return provisioned.c.external_id == external_id


def has_username(username: str) -> Any:
    return person.c.username == username


def has_person_id(person_id: str) -> Any:
    return person.c.person_id == person_id


def members_of(connection: Connection, code: str) -> list[tuple[str, str]]:
    """person_id and name of the holders of posts in an organisation, who have not left SCIM's sight."""
    rows = connection.execute(
        select(person.c.person_id, person.c.username, person.c.claims)
        .join(post, post.c.person_id == person.c.person_id)
        .where(post.c.organisation == code, person.c.kind == OFFICIAL, person.c.username.is_not(None))
        .order_by(person.c.person_id)
        .distinct()
    )
    return [(row.person_id, str(orjson.loads(row.claims).get("name", row.username))) for row in rows]


_COLUMNS = tuple(
    provisioned.c[name].label(f"provisioned_{name}")
    for name in ("external_id", "client_id", "attributes", "created_at", "changed_at")
)


def _posts_of(connection: Connection, person_ids: list[str]) -> dict[str, tuple[Post, ...]]:
    found: dict[str, tuple[Post, ...]] = {}
    rows = connection.execute(
        select(post.c.person_id, post.c.organisation, organisation.c.name, post.c.title)
        .join(organisation, organisation.c.code == post.c.organisation)
        .where(post.c.person_id.in_(person_ids))
        .order_by(post.c.person_id, post.c.position)
    )
    for person_id, *values in rows:
        found[person_id] = (*found.get(person_id, ()), Post(*values))
    return found


def _person(row: RowMapping, posts: tuple[Post, ...]) -> Person:
    return Person(
        person_id=row["person_id"],
        kind=row["kind"],
        state=row["state"],
        username=row["username"],
        claims=orjson.loads(row["claims"]),
        identity_level=row["identity_level"],
        posts=posts,
    )


def _provision_beside(row: RowMapping) -> Provision:
    return Provision(
        USER,
        row["person_id"],
        row["provisioned_external_id"] or "",
        row["provisioned_client_id"] or "",
        orjson.loads(row["provisioned_attributes"] or "{}"),
        row["provisioned_created_at"] or row["created_at"],
        max(row["provisioned_changed_at"] or 0, row["changed_at"]),
    )


def _provision(row: RowMapping) -> Provision:
    return Provision(
        row["kind"],
        row["resource_id"],
        row["external_id"] or "",
        row["client_id"],
        orjson.loads(row["attributes"]),
        row["created_at"],
        row["changed_at"],
    )
