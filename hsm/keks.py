"""The key process's SQL for KEKs, and for keys that were wrapped anew."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from hsm.life_tables import kek, renewal, rewrapped_key
from hsm.tables import credential


@dataclass(frozen=True, slots=True)
class StoredKek:
    """A row of ``kek`` and how many keys are wrapped under it."""

    label: str
    state: str
    retired_at: int | None
    wrapped: int


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key outside the token: ``blob`` is wrapped under the KEK of this label."""

    credential_id: str
    kek_label: str
    blob: bytes
    algorithm: str


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """A key wrapped anew that waits to be tried; ``replaced_key`` is what the credential has now.

    ``replaces``: SHA-256 of what was unwrapped. ``is_current``: whether its KEK is the one for new keys.
    """

    credential_id: str
    kek_label: str
    wrapped_key: bytes
    replaces: bytes
    replaced_key: bytes
    algorithm: str
    spki: bytes
    is_current: bool


def find_kek(connection: Connection, label: str) -> StoredKek | None:
    row = connection.execute(select(kek).where(kek.c.label == label)).first()
    return StoredKek(row.label, row.state, row.retired_at, count_wrapped(connection, label)) if row else None


def current_kek(connection: Connection) -> str:
    """The KEK for new keys. There is always one."""
    label: str = connection.execute(select(kek.c.label).where(kek.c.state == "current")).scalar_one()
    return label


def count_wrapped(connection: Connection, label: str) -> int:
    """Keys that only this KEK unwraps, those of renewals under way among them."""
    return sum(
        connection.execute(
            select(func.count())
            .select_from(table)
            .where(table.c.kek_label == label, table.c.wrapped_key.is_not(None))
        ).scalar_one()
        for table in (credential, renewal)
    )


def count_credentials_wrapped(connection: Connection, label: str) -> int:
    """Without those of renewals under way."""
    return connection.execute(
        select(func.count())
        .select_from(credential)
        .where(credential.c.kek_label == label, credential.c.wrapped_key.is_not(None))
    ).scalar_one()


def destroyed_keks(connection: Connection) -> set[str]:
    return set(connection.execute(select(kek.c.label).where(kek.c.state == "destroyed")).scalars())


def retired_keks(connection: Connection) -> list[str]:
    """Those that may still wrap keys, the oldest first."""
    query = select(kek.c.label).where(kek.c.state == "retired").order_by(kek.c.retired_at, kek.c.label)
    return list(connection.execute(query).scalars())


def add_kek(connection: Connection, label: str, now: int) -> None:
    """The new current one."""
    connection.execute(insert(kek).values(label=label, state="current", made_at=now))


def retire_kek(connection: Connection, label: str, replaced_by: str, now: int) -> bool:
    changed = connection.execute(
        update(kek)
        .where(kek.c.label == label, kek.c.state == "current")
        .values(state="retired", retired_at=now, replaced_by=replaced_by)
    )
    return changed.rowcount == 1


def destroy_kek(connection: Connection, label: str) -> bool:
    changed = connection.execute(
        update(kek).where(kek.c.label == label, kek.c.state == "retired").values(state="destroyed")
    )
    return changed.rowcount == 1


def kek_lives(connection: Connection, label: str | None) -> bool:
    """Whether a key made a moment ago under this KEK can still be unwrapped; True for no KEK at all."""
    query = select(kek.c.label).where(kek.c.label == label, kek.c.state != "destroyed")
    return label is None or connection.execute(query).first() is not None


def find_wrapped(connection: Connection, label: str, after: str, limit: int) -> list[Wrapped]:
    """Credentials' keys under this KEK that nobody wrapped anew yet, by their ids, from ``after`` on."""
    waiting = select(rewrapped_key.c.credential_id).where(
        rewrapped_key.c.credential_id == credential.c.credential_id
    )
    query = (
        select(
            credential.c.credential_id,
            credential.c.kek_label,
            credential.c.wrapped_key,
            credential.c.algorithm,
        )
        .where(
            credential.c.kek_label == label,
            credential.c.wrapped_key.is_not(None),
            credential.c.credential_id > after,
            ~waiting.exists(),
        )
        .order_by(credential.c.credential_id)
        .limit(limit)
    )
    return [Wrapped(*row) for row in connection.execute(query)]


def lay_down(connection: Connection, label: str, rewrapped: Sequence[tuple[Wrapped, bytes]]) -> None:
    """Lay these blobs, wrapped under the KEK ``label``, beside the old ones for the key process to try."""
    rows = [
        {
            "credential_id": old.credential_id,
            "kek_label": label,
            "wrapped_key": blob,
            "replaces": hashlib.sha256(old.blob).digest(),
        }
        for old, blob in rewrapped
    ]
    ids = [row["credential_id"] for row in rows]
    connection.execute(delete(rewrapped_key).where(rewrapped_key.c.credential_id.in_(ids)))
    if rows:
        connection.execute(insert(rewrapped_key), rows)


def count_laid_down(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(rewrapped_key)).scalar_one()


def find_rewrapped(connection: Connection, limit: int) -> list[Rewrapped]:
    query = (
        select(
            rewrapped_key.c.credential_id,
            rewrapped_key.c.kek_label,
            rewrapped_key.c.wrapped_key,
            rewrapped_key.c.replaces,
            func.coalesce(credential.c.wrapped_key, b""),
            credential.c.algorithm,
            credential.c.spki,
            func.coalesce(kek.c.state, "") == "current",
        )
        .join(credential, credential.c.credential_id == rewrapped_key.c.credential_id)
        .join(kek, kek.c.label == rewrapped_key.c.kek_label, isouter=True)
        .order_by(rewrapped_key.c.credential_id)
        .limit(limit)
    )
    return [Rewrapped(*row) for row in connection.execute(query)]


def adopt_rewrapped(connection: Connection, good: Sequence[Rewrapped]) -> None:
    """Put the new blobs in the place of exactly those that they replace."""
    statement = (
        update(credential)
        .where(
            credential.c.credential_id == bindparam("of_id"), credential.c.wrapped_key == bindparam("old_key")
        )
        .values(wrapped_key=bindparam("new_key"), kek_label=bindparam("new_kek"))
    )
    rows = [
        {
            "of_id": one.credential_id,
            "old_key": one.replaced_key,
            "new_key": one.wrapped_key,
            "new_kek": one.kek_label,
        }
        for one in good
    ]
    if rows:
        connection.execute(statement, rows)


def drop_rewrapped(connection: Connection, batch: Sequence[Rewrapped]) -> None:
    ids = [one.credential_id for one in batch]
    connection.execute(delete(rewrapped_key).where(rewrapped_key.c.credential_id.in_(ids)))
