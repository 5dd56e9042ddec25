"""Consents, remembered per person and client until the person revokes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.errors import StoreUnavailable
from idp.protocol.authorize.remembered import NOTHING_REMEMBERED, Remembered
from idp.store.consent_tables import consent
from idp.store.database import Database


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person allowed a client. Times are Unix seconds."""

    person_id: str
    client_id: str
    scopes: frozenset[str]
    claims: frozenset[str]
    declined: frozenset[str]
    given_at: int
    changed_at: int


class Consents:
    """Thread-safe. Every method raises StoreUnavailable: what cannot be read was not allowed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, person_id: str, client_id: str) -> Remembered:
        """What this person allowed this client before; nothing when there is no such consent."""
        with self._database.reading() as connection:
            row = _row(connection, person_id, client_id)
        if row is None:
            return NOTHING_REMEMBERED
        found = _consent(row)
        return Remembered(found.scopes, found.claims, found.declined)

    def remember(self, person_id: str, client_id: str, given: Remembered, now: int) -> None:
        """Add to what was allowed; the last word on an optional claim counts. Durable when this returns."""
        try:
            self._remember(person_id, client_id, given, now)
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            # Two first consents at the same moment: now there is a row to add to.
            self._remember(person_id, client_id, given, now)

    def of_person(self, person_id: str) -> Sequence[Consent]:
        """For the page of my account: newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(consent)
                .where(consent.c.person_id == person_id)
                .order_by(consent.c.changed_at.desc(), consent.c.client_id)
            ).mappings()
            return [_consent(row) for row in rows]

    def revoke(self, person_id: str, client_id: str) -> Consent | None:
        """Forget it, so that the person is asked again; what it was, None when there was none.

        Tokens that the client holds are another matter: the caller revokes its refresh families.
        """
        with self._database.writing() as connection:
            row = _row(connection, person_id, client_id, lock=True)
            connection.execute(delete(consent).where(_of(person_id, client_id)))
        return _consent(row) if row else None

    def _remember(self, person_id: str, client_id: str, given: Remembered, now: int) -> None:
        with self._database.writing() as connection:
            row = _row(connection, person_id, client_id, lock=True)
            before = (
                _consent(row) if row else Consent(person_id, client_id, *(frozenset[str](),) * 3, now, now)
            )
            values = {
                "scopes": _names(before.scopes | given.scopes),
                "claims": _names((before.claims - given.declined) | given.claims),
                "declined": _names((before.declined - given.claims) | given.declined),
                "given_at": before.given_at,
                "changed_at": now,
            }
            if row:
                connection.execute(update(consent).where(_of(person_id, client_id)).values(**values))
            else:
                connection.execute(insert(consent).values(person_id=person_id, client_id=client_id, **values))


def _of(person_id: str, client_id: str) -> ColumnElement[bool]:
    return (consent.c.person_id == person_id) & (consent.c.client_id == client_id)


def _row(connection: Connection, person_id: str, client_id: str, *, lock: bool = False) -> RowMapping | None:
    query = select(consent).where(_of(person_id, client_id))
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def _consent(row: RowMapping) -> Consent:
    return Consent(
        person_id=row["person_id"],
        client_id=row["client_id"],
        scopes=frozenset(orjson.loads(row["scopes"])),
        claims=frozenset(orjson.loads(row["claims"])),
        declined=frozenset(orjson.loads(row["declined"])),
        given_at=row["given_at"],
        changed_at=row["changed_at"],
    )


def _names(names: Iterable[str]) -> str:
    return orjson.dumps(sorted(names)).decode()
