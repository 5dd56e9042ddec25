"""The key process's SQL for people: who is enrolled, their passkeys, their PINs and one-time passwords."""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, Dialect, RowMapping, bindparam, insert, select, update

from hsm.compiled import Compiled, PerDialect
from hsm.database import changed
from hsm.tables import factor, passkey, person

_BOTH_ACTIVE = ("active", "active")


@dataclass(frozen=True, slots=True)
class StoredPasskey:
    """A row of ``passkey``; ``person_state`` is its person's. ``public_key``: COSE_Key."""

    credential_id: bytes
    person_id: str
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backup_state: bool
    aaguid: str
    transports: str
    rp_id: str
    state: str
    created_at: int
    seal: bytes | None = None
    person_state: str = "active"
    counted_at: int = 0

    @property
    def usable(self) -> bool:
        return self.state == "active" and self.person_state == "active"

    @property
    def acr(self) -> str:
        """What its approval is worth: a passkey that can be copied to other devices is never aal3."""
        return "aal2" if self.backup_eligible or self.backup_state else "aal3"


@dataclass(frozen=True, slots=True)
class PasskeyNow:
    """What of a passkey changes from one approval to the next."""

    sign_count: int
    backup_state: bool
    usable: bool
    counted_at: int


@dataclass(frozen=True, slots=True)
class StoredFactor:
    """A row of ``factor``; ``person_state`` is its person's."""

    person_id: str
    sealed: bytes
    key_label: str
    failures: int
    last_step: int
    person_state: str


def find_person(connection: Connection, person_id: str) -> str | None:
    """The state of a person's enrolment."""
    row = connection.execute(select(person.c.state).where(person.c.person_id == person_id)).first()
    return row.state if row else None


def add_person(connection: Connection, person_id: str, now: int) -> bool:
    """False when the person was registered before: nobody comes back under the same id."""
    if find_person(connection, person_id) is not None:
        return False
    connection.execute(insert(person).values(person_id=person_id, state="active", created_at=now))
    return True


def retire_person(connection: Connection, person_id: str) -> bool:
    # Without a seal no passkey of theirs comes back, whatever the states say later.
    connection.execute(update(passkey).where(passkey.c.person_id == person_id).values(seal=None))
    return changed(
        connection,
        update(person)
        .where(person.c.person_id == person_id, person.c.state == "active")
        .values(state="retired"),
    )


def find_passkey(connection: Connection, credential_id: bytes) -> StoredPasskey | None:
    query = (
        select(passkey, person.c.state.label("person_state"))
        .join(person)
        .where(passkey.c.credential_id == credential_id)
    )
    row = connection.execute(query).mappings().first()
    return _passkey(row) if row else None


def active_passkeys(connection: Connection) -> list[StoredPasskey]:
    query = (
        select(passkey, person.c.state.label("person_state"))
        .join(person)
        .where(passkey.c.state == "active", person.c.state == "active")
    )
    return [_passkey(row) for row in connection.execute(query).mappings()]


def lock_passkey(connection: Connection, credential_id: bytes) -> PasskeyNow | None:
    """What changes of a passkey, which nobody else changes before this transaction ends."""
    statements = _statements(connection)
    # By position for SQLite, by name for PostgreSQL.
    values = {"id": credential_id} if statements.named else (credential_id,)
    row = connection.exec_driver_sql(statements.lock, values).first()
    if row is None:
        return None
    usable = (row.state, row.person_state) == _BOTH_ACTIVE
    return PasskeyNow(row.sign_count, bool(row.backup_state), usable, row.counted_at)


def add_passkey(connection: Connection, stored: StoredPasskey) -> bool:
    """False when this passkey is enrolled already, for whomever: one passkey is one person's, for ever."""
    known = select(passkey.c.credential_id).where(passkey.c.credential_id == stored.credential_id)
    if connection.execute(known).first():
        return False
    columns = [one.name for one in fields(StoredPasskey) if one.name != "person_state"]
    connection.execute(insert(passkey).values({name: getattr(stored, name) for name in columns}))
    return True


def advance_passkey(
    connection: Connection, credential_id: bytes, *, sign_count: int, backup_state: bool, now: int
) -> None:
    """Remember what the authenticator said last."""
    values = {"id": credential_id, "counted": sign_count, "backed_up": backup_state, "at": now}
    _statements(connection).advance.execute(connection, [values])


def suspend_passkey(connection: Connection, credential_id: bytes) -> bool:
    return changed(
        connection,
        update(passkey)
        .where(passkey.c.credential_id == credential_id, passkey.c.state == "active")
        .values(state="suspended", seal=None),
    )


def retire_passkey(connection: Connection, person_id: str, credential_id: bytes) -> bool:
    return changed(
        connection,
        update(passkey)
        .where(
            passkey.c.credential_id == credential_id,
            passkey.c.person_id == person_id,
            passkey.c.state != "retired",
        )
        .values(state="retired", seal=None),
    )


def find_factor(connection: Connection, person_id: str) -> StoredFactor | None:
    row = (
        connection.execute(
            select(factor, person.c.state.label("person_state"))
            .join(person)
            .where(factor.c.person_id == person_id)
        )
        .mappings()
        .first()
    )
    return StoredFactor(**{one.name: row[one.name] for one in fields(StoredFactor)}) if row else None


def set_factor(connection: Connection, person_id: str, sealed: bytes, key_label: str, now: int) -> None:
    """A new PIN and one-time password in place of the old ones, unlocked."""
    values = {"sealed": sealed, "key_label": key_label, "failures": 0, "last_step": 0, "changed_at": now}
    if not changed(connection, update(factor).where(factor.c.person_id == person_id).values(**values)):
        connection.execute(insert(factor).values(person_id=person_id, **values))


def count_attempt(connection: Connection, person_id: str, maximum: int) -> bool:
    """Count a try that is about to be made; False when there is none left."""
    return changed(
        connection,
        update(factor)
        .where(factor.c.person_id == person_id, factor.c.failures < maximum)
        .values(failures=factor.c.failures + 1),
    )


def accept_step(connection: Connection, person_id: str, sealed: bytes, step: int) -> bool:
    """Spend a one-time password that was right; False when it, or a later one, was accepted before.

    ``sealed`` is what it was checked against: a factor replaced in between accepts nothing.
    """
    return changed(
        connection,
        update(factor)
        .where(factor.c.person_id == person_id, factor.c.sealed == sealed, factor.c.last_step < step)
        .values(failures=0, last_step=step),
    )


def unlock_factor(connection: Connection, person_id: str) -> bool:
    return changed(connection, update(factor).where(factor.c.person_id == person_id).values(failures=0))


class _Statements:
    """What every approval by passkey runs, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        query = (
            select(
                passkey.c.sign_count,
                passkey.c.backup_state,
                passkey.c.counted_at,
                passkey.c.state,
                person.c.state.label("person_state"),
            )
            .join(person)
            .where(passkey.c.credential_id == bindparam("id"))
            .with_for_update(of=passkey)
        )
        self.lock = str(query.compile(dialect=dialect))
        self.named = dialect.name != "sqlite"
        self.advance = Compiled(
            update(passkey)
            .where(passkey.c.credential_id == bindparam("id"))
            .values(
                sign_count=bindparam("counted"),
                backup_state=bindparam("backed_up"),
                counted_at=bindparam("at"),
            ),
            dialect,
        )


_statements = PerDialect(_Statements)


def _passkey(row: RowMapping) -> StoredPasskey:
    return StoredPasskey(**row)
