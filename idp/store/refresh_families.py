"""Refresh tokens in SQL: a family for each authorization, whose tokens follow one another.

A token is 256 random bits. When it is rotated its successor is an HMAC of it under a key that is not in the
database: whoever repeats a request within the grace time gets the very same successor, two requests at once
get the same one, and nobody who reads the tables can make either.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.errors import StoreUnavailable
from idp.protocol.authorization import Authorization
from idp.protocol.confirmation import Confirmation
from idp.store.database import Database
from idp.store.people_tables import person
from idp.store.prepared import Prepared
from idp.store.refresh_tables import refresh_family, refresh_token
from idp.store.session_tables import session

GRACE_SECONDS = 30
# How exactly the last use is known: often enough for the idle end, seldom enough for the disk.
USED_EVERY_SECONDS = 3600
TOMBSTONE_SECONDS = 24 * 3600

_BEGUN_WITH = [column for column in refresh_family.c if column.server_default is None]
_BEGIN = Prepared(insert(refresh_family).values({column: bindparam(column.name) for column in _BEGUN_WITH}))
_ADD = Prepared(insert(refresh_token))
_FIND = Prepared(
    select(
        refresh_family,
        refresh_token.c.generation.label("token_generation"),
        session.c.ended_at,
        session.c.expires_at.label("session_expires_at"),
        person.c.state.label("person_state"),
    )
    .join(refresh_family, refresh_family.c.family_id == refresh_token.c.family_id)
    .outerjoin(session, session.c.session_id == refresh_family.c.session_id)
    .outerjoin(person, person.c.person_id == refresh_family.c.person_id)
    .where(refresh_token.c.token_hash == bindparam("token_hash"))
)
_ROTATE = Prepared(
    update(refresh_family)
    .where(
        refresh_family.c.family_id == bindparam("of_family"),
        refresh_family.c.generation == bindparam("newest"),
    )
    .values(generation=bindparam("following"), rotated_at=bindparam("now"), used_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Family:
    """``token_generation``: of the token that was presented; ``generation``: the family's newest.

    ``session_over``, ``person_state``: read along, in the same statement.
    """

    family_id: str
    client_id: str
    authorization: Authorization
    confirmation: Confirmation
    offline: bool
    token_generation: int
    generation: int
    rotated_at: int
    used_at: int
    expires_at: int
    revoked_at: int
    session_over: bool
    person_state: str

    def was_replaced(self, now: int) -> bool:
        """Whether the token was rotated away longer ago than the grace time, or more than once."""
        behind = self.generation - self.token_generation
        return behind > 1 or (behind == 1 and now - self.rotated_at > GRACE_SECONDS)


class RefreshFamilies:
    """Thread-safe. Every method raises StoreUnavailable.

    ``index``: a keyed hash, the same in every replica (store/sealing.py). Ends in seconds.
    """

    def __init__(self, database: Database, index: Callable[[str], str], *, absolute: int, idle: int) -> None:
        self._database = database
        self._index = index
        self._absolute = absolute
        self._idle = idle

    def start(
        self, family_id: str, authorization: Authorization, confirmation: Confirmation, now: int
    ) -> str | None:
        """The first token of a new family. None: it was revoked before it began."""
        token = secrets.token_urlsafe(32)
        authentication = authorization.authentication
        try:
            with self._database.writing() as connection:
                _BEGIN.run(
                    connection,
                    family_id=family_id,
                    client_id=authorization.client_id,
                    person_id=authentication.person_id,
                    session_id=authentication.session_id,
                    offline="offline_access" in authorization.scopes,
                    authorization=orjson.dumps(authorization.plain()).decode(),
                    jkt=confirmation.jkt,
                    x5t=confirmation.x5t,
                    generation=1,
                    rotated_at=now,
                    created_at=now,
                    used_at=now,
                    expires_at=now + self._absolute,
                )
                _add(connection, token, family_id, 1)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, IntegrityError):
                return None
            raise
        return token

    def find(self, token: str, now: int) -> Family | None:
        """The family of a token that was ever one of ours, alive or not: one statement."""
        with self._database.reading() as connection:
            row = _FIND.first(connection, token_hash=_hash(token))
        return _family(row, now) if row else None

    def is_over(self, family: Family, now: int) -> bool:
        """Revoked, past its end, unused for too long, or its session or its person gone."""
        return (
            family.revoked_at != 0
            or now >= family.expires_at
            or now - family.used_at >= self._idle + USED_EVERY_SECONDS
            or family.person_state != "active"
            or (family.session_over and not family.offline)
        )

    def touch(self, family: Family, now: int) -> None:
        """It was used; written down once an hour at most."""
        if now - family.used_at >= USED_EVERY_SECONDS:
            self._change(refresh_family.c.family_id == family.family_id, used_at=now)

    def rotate(self, token: str, family: Family, now: int) -> str:
        """The successor of ``token``, which is the newest or was until ``GRACE_SECONDS`` ago."""
        successor = self._index(f"refresh token\0{token}")
        if family.token_generation < family.generation:
            return successor
        following = family.generation + 1
        with self._database.writing() as connection:
            changed = _ROTATE.run(
                connection, of_family=family.family_id, newest=family.generation, following=following, now=now
            )
            # Of two at once one gets here first; the other's successor is the same token.
            if changed:
                _add(connection, successor, family.family_id, following)
        return successor

    def revoke(self, family_id: str, reason: str, now: int) -> bool:
        """False when it was revoked before, or never was."""
        return self._revoke(refresh_family.c.family_id == family_id, reason, now) > 0

    def revoke_code(self, family_id: str, client_id: str, now: int) -> None:
        """Its code came twice. If its family has yet to begin, a tombstone keeps it from beginning."""
        if self.revoke(family_id, "code_reused", now):
            return
        try:
            with self._database.writing() as connection:
                connection.execute(
                    insert(refresh_family).values(
                        family_id=family_id,
                        client_id=client_id,
                        person_id="",
                        session_id="",
                        offline=False,
                        authorization="{}",
                        jkt="",
                        x5t="",
                        generation=0,
                        rotated_at=now,
                        created_at=now,
                        used_at=now,
                        expires_at=now + TOMBSTONE_SECONDS,
                        revoked_at=now,
                        revoke_reason="code_reused",
                    )
                )
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            # Begun or revoked between the two: once more does it.
            self.revoke(family_id, "code_reused", now)

    def revoke_session(self, session_id: str, now: int) -> int:
        """Those that live no longer than the session; how many."""
        where = (refresh_family.c.session_id == session_id) & refresh_family.c.offline.is_(False)
        return self._revoke(where, "session_ended", now)

    def revoke_person(
        self, person_id: str, reason: str, now: int, *, client_id: str = "", keep_session: str = ""
    ) -> int:
        """All of a person's, or those of one client (consent withdrawn); offline ones too.

        ``keep_session``: those stay that end with this session.
        """
        where = refresh_family.c.person_id == person_id
        if keep_session:
            where &= (refresh_family.c.session_id != keep_session) | refresh_family.c.offline.is_(True)
        if client_id:
            where &= refresh_family.c.client_id == client_id
        return self._revoke(where, reason, now)

    def forget(self, before: int) -> int:
        """Delete families that ended before; how many."""
        old = select(refresh_family.c.family_id).where(refresh_family.c.expires_at < before)
        with self._database.writing() as connection:
            connection.execute(delete(refresh_token).where(refresh_token.c.family_id.in_(old)))
            return connection.execute(
                delete(refresh_family).where(refresh_family.c.expires_at < before)
            ).rowcount

    def _revoke(self, where: ColumnElement[bool], reason: str, now: int) -> int:
        return self._change(where & (refresh_family.c.revoked_at == 0), revoked_at=now, revoke_reason=reason)

    def _change(self, where: ColumnElement[bool], **values: object) -> int:
        with self._database.writing() as connection:
            return connection.execute(update(refresh_family).where(where).values(**values)).rowcount


def _add(connection: Connection, token: str, family_id: str, generation: int) -> None:
    _ADD.run(connection, token_hash=_hash(token), family_id=family_id, generation=generation)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _family(row: Mapping[str, Any], now: int) -> Family:
    ended = row["ended_at"]
    return Family(
        family_id=row["family_id"],
        client_id=row["client_id"],
        authorization=Authorization.from_plain(orjson.loads(row["authorization"])),
        confirmation=Confirmation(row["jkt"], row["x5t"]),
        offline=bool(row["offline"]),
        token_generation=row["token_generation"],
        generation=row["generation"],
        rotated_at=row["rotated_at"],
        used_at=row["used_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        session_over=ended is None or ended != 0 or now >= row["session_expires_at"],
        person_state=row["person_state"] or "",
    )
