"""Persons with their posts and mandates: SQL is the record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, delete, false, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from idp.directory.person import ACTIVE, LEFT, Mandate, Person, Post
from idp.directory.personal_number import check_personal_number
from idp.directory.username import fold_username
from idp.errors import DirectoryConflict, DirectoryRefused
from idp.store.database import Database
from idp.store.people_tables import mandate, organisation, person, post
from idp.store.prepared import Prepared
from idp.store.sealing import Sealing

_BY_ID = Prepared(select(person).where(person.c.person_id == bindparam("person_id")))
_BY_USERNAME = Prepared(select(person).where(person.c.username == bindparam("username")))
_BY_NUMBER = Prepared(select(person).where(person.c.number_index == bindparam("number_index")))
_POSTS = Prepared(
    select(post.c.organisation, organisation.c.name, post.c.title)
    .join(organisation, organisation.c.code == post.c.organisation)
    .where(post.c.person_id == bindparam("person_id"))
    .order_by(post.c.position)
)
_MANDATES = Prepared(
    select(mandate).where(mandate.c.person_id == bindparam("person_id")).order_by(mandate.c.mandate_id)
)


@dataclass(frozen=True, slots=True)
class People:
    """Every method is one short transaction of its own and raises StoreUnavailable."""

    database: Database
    sealing: Sealing

    def find(self, person_id: str) -> Person | None:
        with self.database.reading() as connection:
            return self.find_within(connection, person_id)

    def find_within(self, connection: Connection, person_id: str) -> Person | None:
        """As ``find``, in a transaction of the caller's."""
        return self._read(connection, _BY_ID.first(connection, person_id=person_id))

    def find_by_username(self, username: str) -> Person | None:
        """Upper and lower case are the same person."""
        with self.database.reading() as connection:
            return self._read(connection, _BY_USERNAME.first(connection, username=fold_username(username)))

    def find_by_personal_number(self, number: str) -> Person | None:
        with self.database.reading() as connection:
            return self._read(
                connection, _BY_NUMBER.first(connection, number_index=self.sealing.index(number))
            )

    def find_all(self, *, after: str = "", limit: int = 100) -> list[Person]:
        """By person_id, from the one after ``after``."""
        with self.database.reading() as connection:
            rows = connection.execute(
                select(person).where(person.c.person_id > after).order_by(person.c.person_id).limit(limit)
            )
            return [self._person(connection, row) for row in rows.mappings().all()]

    def save(self, saved: Person, now: int) -> Person:
        """Insert, or replace all of it but the state: posts and mandates too. Returns it as it was stored.

        The state of who is there already is ``change_state``'s alone: whoever saves what they read a moment
        ago must not bring somebody back who was suspended meanwhile.

        Raises DirectoryRefused: a username or personal number that another has, a number whose structure is
        wrong, a post in an organisation that the directory does not have.
        """
        with self.database.writing() as connection:
            self.save_within(connection, saved, now)
        return self.find(saved.person_id) or saved

    def lock(self, connection: Connection, person_id: str) -> None:
        """Nobody else changes this person before the transaction ends."""
        connection.execute(
            select(person.c.person_id).where(person.c.person_id == person_id).with_for_update()
        )

    def save_within(self, connection: Connection, saved: Person, now: int) -> None:
        """As ``save``, in a transaction of the caller's."""
        saved = _checked(saved)
        values = {
            "kind": saved.kind,
            "username": saved.username or None,
            "claims": orjson.dumps(dict(saved.claims)).decode(),
            "identity_level": saved.identity_level,
            "number_index": self.sealing.index(saved.personal_number) if saved.personal_number else None,
            "number_sealed": self.sealing.seal(saved.personal_number, saved.person_id)
            if saved.personal_number
            else "",
            "roles": orjson.dumps(saved.roles).decode(),
            "changed_at": now,
        }
        self._refuse_conflicts(connection, saved, values["number_index"])
        where = person.c.person_id == saved.person_id
        try:
            if connection.execute(update(person).where(where).values(**values)).rowcount == 0:
                values |= {"person_id": saved.person_id, "state": saved.state, "created_at": now}
                connection.execute(insert(person).values(**values))
        except IntegrityError as error:
            # Somebody else saved the same name or number between our look and our write.
            raise _taken() from error
        _replace_posts(connection, saved.person_id, saved.posts)
        _replace_mandates(connection, saved.person_id, saved.mandates)

    def change_state(self, person_id: str, state: str, now: int) -> bool:
        """``active``, ``suspended`` or ``left``; False when there is no such person.

        Sessions and tokens are ended by ``EndSession``, not here.
        """
        with self.database.writing() as connection:
            changed = connection.execute(
                update(person).where(person.c.person_id == person_id).values(state=state, changed_at=now)
            )
        return bool(changed.rowcount)

    def come_back(self, person_id: str, now: int) -> bool:
        """Whoever left is active again; False for all others: a suspension is not undone by the way."""
        where = (person.c.person_id == person_id) & (person.c.state == LEFT)
        with self.database.writing() as connection:
            changed = connection.execute(update(person).where(where).values(state=ACTIVE, changed_at=now))
        return bool(changed.rowcount)

    def _refuse_conflicts(self, connection: Connection, saved: Person, number_index: Any) -> None:
        # Only what the person has: a comparison with None would match all who lack it too.
        own = {person.c.username: saved.username or None, person.c.number_index: number_index}
        taken = or_(false(), *(column == value for column, value in own.items() if value is not None))
        other = select(person.c.person_id).where(taken, person.c.person_id != saved.person_id)
        if connection.execute(other).first() is not None:
            raise _taken()
        codes = {each.organisation for each in saved.posts}
        known = connection.execute(select(organisation.c.code).where(organisation.c.code.in_(codes)))
        missing = codes - set(known.scalars())
        if missing:
            raise DirectoryRefused(
                f"Chưa có cơ quan {min(missing)} trong danh bạ.",
                f"The directory has no organisation {min(missing)}.",
            )

    def _read(self, connection: Connection, row: Mapping[str, Any] | None) -> Person | None:
        return self._person(connection, row) if row else None

    def _person(self, connection: Connection, row: Mapping[str, Any] | RowMapping) -> Person:
        person_id: str = row["person_id"]
        posts = _POSTS.all(connection, person_id=person_id)
        mandates = _MANDATES.all(connection, person_id=person_id)
        sealed: str = row["number_sealed"]
        return Person(
            person_id=person_id,
            kind=row["kind"],
            state=row["state"],
            username=row["username"] or "",
            claims=orjson.loads(row["claims"]),
            identity_level=row["identity_level"],
            personal_number=self.sealing.open(sealed, person_id) if sealed else "",
            posts=tuple(Post(*each.values()) for each in posts),
            mandates=tuple(_mandate(each) for each in mandates),
            roles=tuple(orjson.loads(row["roles"])),
        )


def _checked(saved: Person) -> Person:
    if saved.personal_number:
        check_personal_number(
            saved.personal_number,
            birthdate=str(saved.claims.get("birthdate", "")),
            gender=str(saved.claims.get("gender", "")),
        )
    return replace(saved, username=fold_username(saved.username)) if saved.username else saved


def _replace_posts(connection: Connection, person_id: str, posts: Iterable[Post]) -> None:
    connection.execute(delete(post).where(post.c.person_id == person_id))
    for position, each in enumerate(posts):
        connection.execute(
            insert(post).values(
                person_id=person_id, position=position, organisation=each.organisation, title=each.title
            )
        )


def _replace_mandates(connection: Connection, person_id: str, mandates: Iterable[Mandate]) -> None:
    connection.execute(delete(mandate).where(mandate.c.person_id == person_id))
    for each in mandates:
        connection.execute(
            insert(mandate).values(
                mandate_id=each.mandate_id,
                person_id=person_id,
                kind=each.kind,
                represented=each.represented,
                represented_name=each.represented_name,
                scope=orjson.dumps(each.scope).decode(),
                not_before=each.not_before,
                not_after=each.not_after,
            )
        )


def _mandate(row: Mapping[str, Any]) -> Mandate:
    return Mandate(
        mandate_id=row["mandate_id"],
        kind=row["kind"],
        represented=row["represented"],
        represented_name=row["represented_name"],
        scope=tuple(orjson.loads(row["scope"])),
        not_before=row["not_before"],
        not_after=row["not_after"],
    )


def _taken() -> DirectoryConflict:
    return DirectoryConflict(
        "Tên đăng nhập hoặc số định danh đã thuộc về người khác.",
        "The username or the personal number belongs to somebody else.",
    )
