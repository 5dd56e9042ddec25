"""Login sessions, in SQL: Redis may lose everything and nobody is logged in or out by it."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, insert, select, update

from idp.directory.person import ACTIVE, Person
from idp.errors import StoreUnavailable
from idp.evidence.catalogue import check_event
from idp.evidence.event import Event
from idp.protocol.device import address_prefix, summarise_device
from idp.protocol.session import Session, SessionLimits
from idp.store.database import Database
from idp.store.evidence import write_events
from idp.store.people_tables import person
from idp.store.prepared import Prepared
from idp.store.session_tables import session, session_client

TOUCH_SECONDS = 60
_NAMES = Session.__dataclass_fields__.keys()
# Whoever changes the state ends the sessions too; until then, or if they cannot (the command), this holds.
OF_ACTIVE = ~exists().where(person.c.person_id == session.c.person_id, person.c.state != ACTIVE)

_OF_ID = session.c.session_id == bindparam("session_id")
_BY_ID = Prepared(select(session).where(_OF_ID))
_BY_COOKIE = Prepared(select(session).where(session.c.cookie_hash == bindparam("cookie_hash"), OF_ACTIVE))
_LIVING = Prepared(select(session).where(_OF_ID, OF_ACTIVE))
_LIVING_LOCKED = Prepared(select(session).where(_OF_ID, OF_ACTIVE).with_for_update())
_BEGUN = Prepared(
    insert(session).values({name: bindparam(name) for name in (*_NAMES, "cookie_hash")}),
)
_SEEN = Prepared(
    update(session_client)
    .where(
        session_client.c.session_id == bindparam("of_session"),
        session_client.c.client_id == bindparam("of_client"),
    )
    .values(seen_at=bindparam("now"))
)
_JOINED = Prepared(
    insert(session_client).values(
        session_id=bindparam("of_session"),
        client_id=bindparam("of_client"),
        joined_at=bindparam("now"),
        seen_at=bindparam("now"),
    )
)


class Sessions:
    """Thread-safe. Every method raises StoreUnavailable: who cannot be found is not logged in.

    A cookie is 256 random bits (base64url); the table has its SHA-256, so that the database opens nothing.
    """

    def __init__(self, database: Database, limits: SessionLimits) -> None:
        self._database = database
        self._limits = limits

    def find(self, cookie_value: str, now: int) -> Session | None:
        """The live session of this cookie: not ended, not idle too long, not past its end."""
        with self._database.reading() as connection:
            found = _read(_BY_COOKIE.first(connection, cookie_hash=_hash(cookie_value)))
        if found is None or not self._lives(found, now):
            return None
        if now - found.last_seen_at >= TOUCH_SECONDS:
            self._touch(found.session_id, now)
        return found

    def find_by_id(self, session_id: str) -> Session | None:
        """The session of this ``sid``, dead or alive."""
        with self._database.reading() as connection:
            return find_in(connection, session_id)

    def has_ended(self, session_id: str, now: int) -> bool:
        """Whether tokens of this session are dead: it was ended, is past its end, never was, or its person
        was suspended or has left.

        Idleness does not count: a person who works in a relying party does not visit the provider.
        """
        with self._database.reading() as connection:
            found = _read(_LIVING.first(connection, session_id=session_id))
        return found is None or found.ended_at != 0 or now >= found.expires_at

    def start(
        self,
        person: Person,
        *,
        acr: str,
        amr: Iterable[str],
        upstream: str,
        identity_level: str,
        device: str,
        address: str,
        kiosk: bool,
        now: int,
        mandate_id: str = "",
        login: Event | None = None,
    ) -> tuple[Session, str]:
        """A new session and its cookie value. ``device``: the User-Agent header; ``address``: the IP address.

        Only a summary of both is kept. ``login``: the event of the login that led here, which knows no
        session yet; written with the session's own in the session's transaction: none is without the others.
        """
        cookie_value = secrets.token_urlsafe(32)
        started = Session(
            session_id=secrets.token_urlsafe(16),
            person_id=person.person_id,
            started_at=now,
            last_seen_at=now,
            expires_at=now + self._limits.absolute_of(kiosk=kiosk),
            acr=acr,
            amr=tuple(amr),
            auth_time=now,
            identity_level=identity_level,
            upstream=upstream,
            mandate_id=mandate_id,
            device=summarise_device(device),
            address_prefix=address_prefix(address),
            kiosk=kiosk,
        )
        values = {name: getattr(started, name) for name in _NAMES}
        values |= {"amr": orjson.dumps(started.amr).decode(), "cookie_hash": _hash(cookie_value)}
        with self._database.writing() as connection:
            _BEGUN.run(connection, **values)
            organisation = person.posts[0].organisation if person.posts else ""
            details = {
                "upstream": upstream,
                "kiosk": kiosk,
                "identity_level": identity_level,
                "organisation": organisation,
            }
            _write(connection, "session.started", started, now, login, **details)
        return started, cookie_value

    def step_up(
        self, session_id: str, *, acr: str, amr: Iterable[str], now: int, login: Event | None = None
    ) -> tuple[Session, str] | None:
        """The person of a live session proved who they are anew: ``acr`` and ``amr`` are those of this time.
        The session, and its new cookie value: the old one opens nothing from now on.

        Not the union with earlier factors: with a new ``auth_time`` they would seem to have been shown now.
        None when it ended meanwhile: log in anew. ``login``: as in ``start``.
        """
        cookie_value = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            found = find_in(connection, session_id)
            if found is None or not self._lives(found, now):
                return None
            changed = self._change(
                connection,
                session_id,
                acr=acr,
                amr=orjson.dumps(list(amr)).decode(),
                auth_time=now,
                last_seen_at=now,
                cookie_hash=_hash(cookie_value),
            )
            stepped = find_in(connection, session_id)
            if not changed or stepped is None:
                return None
            _write(connection, "session.stepped_up", stepped, now, login)
            return stepped, cookie_value

    def act_under(self, session_id: str, mandate_id: str) -> None:
        """The person chose for whom to act; ``""``: for oneself."""
        with self._database.writing() as connection:
            self._change(connection, session_id, mandate_id=mandate_id)

    def join(self, session_id: str, client_id: str, now: int, *, on_record: Event | None = None) -> bool:
        """This client gets tokens of this session, so it hears of its end. False: it has ended already.

        In one transaction with a lock on the session, so that an end either sees this client or is seen.
        ``on_record``: the event of it, in the same transaction: neither is without the other.
        """
        if on_record is not None:
            check_event(on_record)
        with self._database.writing() as connection:
            found = _read(_LIVING_LOCKED.first(connection, session_id=session_id))
            if found is None or found.ended_at != 0:
                return False
            names: dict[str, object] = {"of_session": session_id, "of_client": client_id, "now": now}
            if _SEEN.run(connection, **names) == 0:
                _JOINED.run(connection, **names)
            if on_record is not None:
                write_events(connection, [on_record])
        return True

    def clients_of(self, session_id: str) -> Sequence[str]:
        """Client ids, first joined first."""
        with self._database.reading() as connection:
            return clients_in(connection, session_id)

    def of_person(self, person_id: str, now: int) -> Sequence[Session]:
        """The live ones, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(session)
                .where(session.c.person_id == person_id, session.c.ended_at == 0, session.c.expires_at > now)
                .order_by(session.c.started_at.desc(), session.c.session_id)
            ).mappings()
            found = [_session(row) for row in rows]
        return [each for each in found if self._lives(each, now)]

    def forget(self, before: int) -> int:
        """Delete sessions past their end at ``before``, with the list of their clients; how many."""
        old = select(session.c.session_id).where(session.c.expires_at < before)
        with self._database.writing() as connection:
            connection.execute(delete(session_client).where(session_client.c.session_id.in_(old)))
            return connection.execute(delete(session).where(session.c.expires_at < before)).rowcount

    def _lives(self, found: Session, now: int) -> bool:
        idle = self._limits.idle_of(kiosk=found.kiosk)
        return found.ended_at == 0 and now < found.expires_at and now < found.last_seen_at + idle

    def _touch(self, session_id: str, now: int) -> None:
        try:
            with self._database.writing() as connection:
                self._change(connection, session_id, last_seen_at=now)
        except StoreUnavailable:
            # The person was found; that the visit was not written down costs idle time, not the visit.
            return

    @staticmethod
    def _change(connection: Connection, session_id: str, **values: object) -> bool:
        where = (session.c.session_id == session_id) & (session.c.ended_at == 0)
        return connection.execute(update(session).where(where).values(**values)).rowcount == 1


def clients_in(connection: Connection, session_id: str) -> Sequence[str]:
    """The clients that got tokens in this session, first joined first."""
    return list(
        connection.scalars(
            select(session_client.c.client_id)
            .where(session_client.c.session_id == session_id)
            .order_by(session_client.c.joined_at, session_client.c.client_id)
        )
    )


def mark_ended(connection: Connection, session_id: str, reason: str, now: int) -> Session | None:
    """End a session once: the session when this call ended it, None when it had ended or never was."""
    where = (session.c.session_id == session_id) & (session.c.ended_at == 0)
    changed = connection.execute(update(session).where(where).values(ended_at=now, end_reason=reason))
    return find_in(connection, session_id) if changed.rowcount else None


def living_of(connection: Connection, person_id: str) -> Sequence[str]:
    """Every session of a person that was not ended, idle ones too."""
    where = (session.c.person_id == person_id) & (session.c.ended_at == 0)
    return list(connection.scalars(select(session.c.session_id).where(where)))


def _write(
    connection: Connection, name: str, of: Session, now: int, login: Event | None, **details: object
) -> None:
    """The one place that says a session began or was stepped up: in its transaction, after the login's."""
    said = {"acr": of.acr, "amr": list(of.amr), **details}
    own = Event(name, now, person_id=of.person_id, session_id=of.session_id, details=said)
    events = [own]
    if login is not None:
        own = replace(own, client_id=login.client_id, request_id=login.request_id)
        events = [replace(login, session_id=of.session_id), own]
    for event in events:
        check_event(event)
    write_events(connection, events)


def _hash(cookie_value: str) -> str:
    return hashlib.sha256(cookie_value.encode(errors="surrogatepass")).hexdigest()


def find_in(connection: Connection, session_id: str) -> Session | None:
    """The session of this ``sid``, dead or alive."""
    return _read(_BY_ID.first(connection, session_id=session_id))


def _read(row: Mapping[str, Any] | None) -> Session | None:
    return _session(row) if row is not None else None


def _session(row: Mapping[str, Any] | RowMapping) -> Session:
    values = {name: row[name] for name in _NAMES}
    return Session(**{**values, "amr": tuple(orjson.loads(row["amr"])), "kiosk": bool(row["kiosk"])})
