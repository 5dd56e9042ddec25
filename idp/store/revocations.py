"""Revoked access tokens (RFC 7009), by jti: in SQL, because a revocation must survive Redis.

``token_life.py`` looks there for every token that is shown.
"""

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from idp.errors import StoreUnavailable
from idp.store.database import Database
from idp.store.tables import revoked_token


class Revocations:
    """Thread-safe. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def revoke(self, jti: str, client_id: str, *, expires_at: int, now: int) -> None:
        """Durable when this returns. Revoking twice is no error. Forgets what has expired."""
        try:
            with self._database.writing() as connection:
                # An hour of grace, so that a clock that jumps cannot bring a token back.
                connection.execute(delete(revoked_token).where(revoked_token.c.expires_at < now - 3600))
                if connection.execute(select(revoked_token.c.jti).where(revoked_token.c.jti == jti)).first():
                    return
                connection.execute(
                    insert(revoked_token).values(
                        jti=jti, client_id=client_id, revoked_at=now, expires_at=expires_at
                    )
                )
        except StoreUnavailable as error:
            # Two revocations of the same token at the same moment: the other one did it.
            if not isinstance(error.__cause__, IntegrityError):
                raise
