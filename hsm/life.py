"""The key process's SQL for credentials' lives: renewals, past certificates, holders, expiry."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, delete, func, insert, select, update

from hsm.life_tables import past_certificate, renewal, rewrapped_key
from hsm.tables import credential


@dataclass(frozen=True, slots=True)
class StoredRenewal:
    """A row of ``renewal``."""

    credential_id: str
    key_number: int
    key_label: str | None
    wrapped_key: bytes | None
    kek_label: str | None
    spki: bytes
    key_made_at: int
    asked_at: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """A credential whose certificate ends; ``not_after`` in Unix seconds."""

    credential_id: str
    holder: str
    holder_kind: str
    office: str
    profile: str
    description: str
    state: str
    not_after: int


def find_renewal(connection: Connection, credential_id: str) -> StoredRenewal | None:
    row = (
        connection.execute(select(renewal).where(renewal.c.credential_id == credential_id)).mappings().first()
    )
    return StoredRenewal(**row) if row else None


def put_renewal(connection: Connection, stored: StoredRenewal) -> None:
    """One renewal at a time: a new one replaces what was asked for before."""
    connection.execute(delete(renewal).where(renewal.c.credential_id == stored.credential_id))
    values = {one.name: getattr(stored, one.name) for one in fields(StoredRenewal)}
    connection.execute(insert(renewal).values(values))


def end_renewal(connection: Connection, asked: StoredRenewal, now: int) -> None:
    """Put the credential's present certificate among those of the past; the renewal is over."""
    count = select(func.count()).select_from(past_certificate)
    number = (
        1
        + connection.execute(
            count.where(past_certificate.c.credential_id == asked.credential_id)
        ).scalar_one()
    )
    of_credential = select(
        credential.c.credential_id,
        credential.c.certificates,
        credential.c.not_before,
        credential.c.not_after,
    ).where(credential.c.credential_id == asked.credential_id, credential.c.certificates.is_not(None))
    row = connection.execute(of_credential).mappings().first()
    if row:
        connection.execute(insert(past_certificate).values(number=number, replaced_at=now, **row))
    connection.execute(delete(renewal).where(renewal.c.credential_id == asked.credential_id))
    connection.execute(delete(rewrapped_key).where(rewrapped_key.c.credential_id == asked.credential_id))


def forget_unused(connection: Connection, credential_id: str) -> None:
    """Drop what else was kept of a destroyed credential's keys."""
    for table in (renewal, rewrapped_key):
        connection.execute(delete(table).where(table.c.credential_id == credential_id))


def count_active(connection: Connection, holder: str, holder_kind: str) -> int:
    query = (
        select(func.count())
        .select_from(credential)
        .where(
            credential.c.holder == holder,
            credential.c.holder_kind == holder_kind,
            credential.c.state == "active",
        )
    )
    return connection.execute(query).scalar_one()


def suspend_all(connection: Connection, holder: str, holder_kind: str, before: Sequence[str]) -> None:
    connection.execute(
        update(credential)
        .where(
            credential.c.holder == holder,
            credential.c.holder_kind == holder_kind,
            credential.c.state.in_(before),
        )
        .values(state="suspended")
    )


def find_expiring(connection: Connection, before: int) -> list[Expiring]:
    """Credentials in use or suspended whose certificate ends before this moment, the first to end first."""
    names = [one.name for one in fields(Expiring)]
    query = (
        select(*(credential.c[name] for name in names))
        .where(credential.c.not_after < before, credential.c.state.in_(("active", "suspended")))
        .order_by(credential.c.not_after, credential.c.credential_id)
    )
    return [Expiring(*row) for row in connection.execute(query)]


def count_expiring(connection: Connection, before: int) -> int:
    query = (
        select(func.count())
        .select_from(credential)
        .where(credential.c.not_after < before, credential.c.state.in_(("active", "suspended")))
    )
    return connection.execute(query).scalar_one()
