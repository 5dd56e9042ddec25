"""The key process's SQL for credentials and approvers. Grants are in acts/grant.py, leaves in journal/."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, RowMapping, insert, select, update

from hsm.tables import admin, client_key, credential, performed_act
from hsm.tables import directory_version as directory_table


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A row of ``credential``. ``certificates`` is PEM, empty until it is activated."""

    credential_id: str
    profile: str
    purpose: str
    state: str
    algorithm: str
    holder: str
    description: str
    training: bool
    key_label: str | None
    wrapped_key: bytes | None
    kek_label: str | None
    spki: bytes
    certificates: str | None
    not_before: int | None
    not_after: int | None
    created_at: int
    holder_kind: str = "Client"
    office: str = ""
    custodian: str = ""
    key_number: int = 1
    key_made_at: int = 0
    revoked_at: int | None = None
    revocation_reason: str | None = None


def directory_version(connection: Connection) -> int:
    """A number that is another one after every change of a credential, a client's key or an administrator."""
    return int(connection.execute(select(directory_table.c.version)).scalar_one())


def find_credential(connection: Connection, credential_id: str) -> StoredCredential | None:
    row = (
        connection.execute(select(credential).where(credential.c.credential_id == credential_id))
        .mappings()
        .first()
    )
    return _credential(row) if row else None


def find_credentials(
    connection: Connection,
    *,
    holder: str | None = None,
    holder_kind: str = "Client",
    purpose: str | None = None,
) -> list[StoredCredential]:
    """Those of a holder or a purpose, oldest first."""
    query = select(credential).order_by(credential.c.created_at, credential.c.credential_id)
    if holder is not None:
        query = query.where(credential.c.holder == holder, credential.c.holder_kind == holder_kind)
    if purpose is not None:
        query = query.where(credential.c.purpose == purpose)
    return [_credential(row) for row in connection.execute(query).mappings()]


def add_credential(connection: Connection, stored: StoredCredential) -> None:
    values = {name: getattr(stored, name) for name in StoredCredential.__slots__}
    connection.execute(insert(credential).values(**values))


def change_credential(
    connection: Connection, credential_id: str, from_states: Sequence[str], **changes: object
) -> bool:
    """Change a credential that is in one of ``from_states``; False when it is in none of them."""
    changed = connection.execute(
        update(credential)
        .where(credential.c.credential_id == credential_id, credential.c.state.in_(from_states))
        .values(**changes)
    )
    return changed.rowcount == 1


@dataclass(frozen=True, slots=True)
class StoredClientKey:
    """An active row of ``client_key``. ``kid``: RFC 7638 thumbprint; ``jwk``: JSON text, as sealed."""

    kid: str
    client_id: str
    jwk: str
    seal: bytes | None = None


@dataclass(frozen=True, slots=True)
class StoredAdmin:
    """An active row of ``admin``. ``person_id``: whose passkeys are this administrator's."""

    admin_id: str
    kid: str
    name: str
    jwk: str
    person_id: str | None = None
    seal: bytes | None = None


def jwk_text(jwk: dict[str, Any]) -> str:
    """A public key as it is stored and sealed."""
    return orjson.dumps(jwk).decode()


def find_client_key(connection: Connection, kid: str) -> StoredClientKey | None:
    """The active key of this thumbprint."""
    row = connection.execute(
        select(client_key.c.kid, client_key.c.client_id, client_key.c.jwk, client_key.c.seal).where(
            client_key.c.kid == kid, client_key.c.state == "active"
        )
    ).first()
    return StoredClientKey(*row) if row else None


def add_client_key(connection: Connection, stored: StoredClientKey, now: int) -> bool:
    """False when this key is registered already (for whomever): one key is one client's, for ever."""
    if connection.execute(select(client_key.c.kid).where(client_key.c.kid == stored.kid)).first():
        return False
    connection.execute(
        insert(client_key).values(
            kid=stored.kid,
            client_id=stored.client_id,
            jwk=stored.jwk,
            state="active",
            created_at=now,
            seal=stored.seal,
        )
    )
    return True


def retire_client_key(connection: Connection, kid: str) -> bool:
    changed = connection.execute(
        update(client_key)
        .where(client_key.c.kid == kid, client_key.c.state == "active")
        .values(state="retired", seal=None)
    )
    return changed.rowcount == 1


def find_admin(
    connection: Connection, value: str, *, by: Literal["kid", "admin_id", "person_id"] = "kid"
) -> StoredAdmin | None:
    """The active administrator with this key, of this id, or whose person this is."""
    row = connection.execute(
        select(
            admin.c.admin_id, admin.c.kid, admin.c.name, admin.c.jwk, admin.c.person_id, admin.c.seal
        ).where(admin.c.state == "active", admin.c[by] == value)
    ).first()
    return StoredAdmin(*row) if row else None


def active_admins(connection: Connection, *, lock: bool = False) -> list[StoredAdmin]:
    """``lock``: nobody else changes one of them before this transaction ends."""
    query = select(
        admin.c.admin_id, admin.c.kid, admin.c.name, admin.c.jwk, admin.c.person_id, admin.c.seal
    ).where(admin.c.state == "active")
    if lock:
        query = query.order_by(admin.c.admin_id).with_for_update()
    return [StoredAdmin(*row) for row in connection.execute(query)]


def active_client_keys(connection: Connection) -> list[StoredClientKey]:
    query = select(client_key.c.kid, client_key.c.client_id, client_key.c.jwk, client_key.c.seal)
    return [StoredClientKey(*row) for row in connection.execute(query.where(client_key.c.state == "active"))]


def add_admin(connection: Connection, stored: StoredAdmin) -> None:
    """Only the ceremony calls this: before it there is nobody who could approve."""
    values = {name: getattr(stored, name) for name in StoredAdmin.__slots__}
    connection.execute(insert(admin).values(**values, state="active"))


def is_retired_admin(connection: Connection, admin_id: str) -> bool:
    query = select(admin.c.admin_id).where(admin.c.admin_id == admin_id, admin.c.state == "retired")
    return connection.execute(query).first() is not None


def link_admin(connection: Connection, stored: StoredAdmin) -> bool:
    """Give the administrator this person; False when somebody else has the person, or there is no such."""
    taken = select(admin.c.admin_id).where(
        admin.c.person_id == stored.person_id, admin.c.admin_id != stored.admin_id
    )
    if connection.execute(taken).first():
        return False
    changed = connection.execute(
        update(admin)
        .where(admin.c.admin_id == stored.admin_id, admin.c.kid == stored.kid, admin.c.state == "active")
        .values(person_id=stored.person_id, seal=stored.seal)
    )
    return changed.rowcount == 1


def retire_admin(connection: Connection, admin_id: str) -> bool:
    """Their row loses its seal: setting the state back revives nobody. The person may be another's then."""
    changed = connection.execute(
        update(admin)
        .where(admin.c.admin_id == admin_id, admin.c.state == "active")
        .values(state="retired", person_id=None, seal=None)
    )
    return changed.rowcount == 1


def was_performed(connection: Connection, act_digest: bytes) -> bool:
    query = select(performed_act.c.act_digest).where(performed_act.c.act_digest == act_digest)
    return connection.execute(query).first() is not None


def add_performed(connection: Connection, act_digest: bytes, act: bytes, leaf_index: int) -> None:
    connection.execute(insert(performed_act).values(act_digest=act_digest, act=act, leaf_index=leaf_index))


def _credential(row: RowMapping) -> StoredCredential:
    return StoredCredential(**row)
