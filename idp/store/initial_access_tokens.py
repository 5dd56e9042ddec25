"""Initial access tokens (RFC 7591 §3): who may register, how often, until when, and as what."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, RowMapping, insert, select, update

from idp.protocol.client_metadata import FAPI2
from idp.store.registration_tables import initial_access_token as table

DEFAULT_SCOPES = ("openid", "profile", "email", "phone", "address", "offline_access")


@dataclass(frozen=True, slots=True)
class InitialAccess:
    """``profile``, ``profile_until``, ``agency``, ``scopes``: what a client registered by it becomes."""

    token_id: str
    label: str
    issued_by: str
    issued_at: int
    expires_at: int
    uses_left: int
    profile: str = FAPI2
    profile_until: int = 0
    agency: str = ""
    scopes: tuple[str, ...] = DEFAULT_SCOPES


def issue_initial_access(
    connection: Connection,
    *,
    label: str,
    issued_by: str,
    expires_at: int,
    uses: int,
    profile: str,
    profile_until: int,
    agency: str,
    scopes: Sequence[str],
    now: int,
) -> tuple[InitialAccess, str]:
    """The record, and the token, which is shown this once."""
    token = f"iat_{secrets.token_urlsafe(32)}"
    access = InitialAccess(
        secrets.token_hex(8), label, issued_by, now, expires_at, uses, profile, profile_until, agency,
        tuple(scopes),
    )  # fmt: skip
    values = {name: getattr(access, name) for name in InitialAccess.__dataclass_fields__}
    values |= {"scopes": orjson.dumps(access.scopes).decode(), "token_hash": hash_token(token)}
    connection.execute(insert(table).values(**values))
    return access, token


def spend_initial_access(connection: Connection, token: str, now: int) -> InitialAccess | None:
    """One use of it, atomically; None when it is unknown, spent or over."""
    where = (table.c.token_hash == hash_token(token)) & (table.c.uses_left > 0) & (table.c.expires_at > now)
    if connection.execute(update(table).where(where).values(uses_left=table.c.uses_left - 1)).rowcount == 0:
        return None
    row = connection.execute(select(table).where(table.c.token_hash == hash_token(token))).mappings().one()
    return _access(row)


def find_initial_access(connection: Connection, token: str, now: int) -> InitialAccess | None:
    """As ``spend_initial_access``, without spending."""
    where = (table.c.token_hash == hash_token(token)) & (table.c.uses_left > 0) & (table.c.expires_at > now)
    row = connection.execute(select(table).where(where)).mappings().first()
    return _access(row) if row else None


def find_initial_accesses(connection: Connection) -> list[InitialAccess]:
    """All, newest first."""
    rows = connection.execute(select(table).order_by(table.c.issued_at.desc(), table.c.token_id)).mappings()
    return [_access(row) for row in rows]


def end_initial_access(connection: Connection, token_id: str) -> bool:
    """No further use; False when there is no such token."""
    return bool(
        connection.execute(update(table).where(table.c.token_id == token_id).values(uses_left=0)).rowcount
    )


def hash_token(token: str) -> str:
    """SHA-256 (hex): enough for 256 random bits."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _access(row: RowMapping) -> InitialAccess:
    values = {name: row[name] for name in InitialAccess.__dataclass_fields__}
    return InitialAccess(**{**values, "scopes": tuple(orjson.loads(row["scopes"]))})
