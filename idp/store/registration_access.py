"""Registration access tokens (RFC 7592): each opens the record of one client, and no other."""

import hmac
import secrets

from sqlalchemy import Connection, delete, insert, select

from idp.store.initial_access_tokens import hash_token
from idp.store.registration_tables import registration_access as table


def issue_registration_access(
    connection: Connection, client_id: str, *, initial_token_id: str, now: int
) -> str:
    """A new token; the one before, if any, opens nothing from now on."""
    token = f"rat_{secrets.token_urlsafe(32)}"
    connection.execute(delete(table).where(table.c.client_id == client_id))
    connection.execute(
        insert(table).values(
            client_id=client_id,
            token_hash=hash_token(token),
            initial_token_id=initial_token_id,
            issued_at=now,
        )
    )
    return token


def opens_registration(connection: Connection, client_id: str, token: str) -> bool:
    """Whether this token is the one of this client."""
    kept = connection.scalar(select(table.c.token_hash).where(table.c.client_id == client_id))
    return kept is not None and hmac.compare_digest(kept, hash_token(token))


def end_registration_access(connection: Connection, client_id: str) -> None:
    connection.execute(delete(table).where(table.c.client_id == client_id))
