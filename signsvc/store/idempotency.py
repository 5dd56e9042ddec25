"""Idempotency keys: one request, done once, answered alike however often it comes.

A key belongs to a client and to the digest of its first request. While a request is at work its row
holds a lease, so that a dead process does not block the key for ever.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from signsvc.errors import IdempotencyMismatch, InProgress
from signsvc.store.database import Database
from signsvc.store.tables import idempotency


@dataclass(frozen=True, slots=True)
class Attempt:
    """The right to do the request now."""

    client_id: str
    key: str
    attempt: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered the first time."""

    status: int
    headers: dict[str, str]
    body: bytes


class IdempotencyKeys:
    """Every method raises StoreUnavailable."""

    def __init__(self, database: Database, *, lease: int, keep: int) -> None:
        self._database = database
        self._lease = lease
        self._keep = keep

    def begin(self, client_id: str, key: str, request_digest: bytes, now: int) -> Attempt | KeptAnswer:
        """The right to do it, or the kept answer.

        Raises IdempotencyMismatch for another request under this key, InProgress while it is at work.
        """
        attempt = Attempt(client_id, key, secrets.token_hex(16))
        values = {
            "client_id": client_id,
            "key": key,
            "request_digest": request_digest,
            "attempt": attempt.attempt,
            "lease_until": now + self._lease,
            "expires_at": now + self._keep,
        }
        insert = sqlite.insert if self._database.sqlite else postgresql.insert
        ours = (idempotency.c.client_id == client_id) & (idempotency.c.key == key)
        with self._database.writing() as connection:
            statement = insert(idempotency).values(values).on_conflict_do_nothing()
            if connection.execute(statement.returning(idempotency.c.key)).first() is not None:
                return attempt
            row = connection.execute(select(idempotency).where(ours).with_for_update()).first()
            if row is None:  # released this very moment
                raise InProgress
            if row.expires_at > now and row.request_digest != request_digest:
                raise _mismatch()
            if row.expires_at > now and row.status is not None:
                return KeptAnswer(row.status, json.loads(row.headers), bytes(row.body))
            if row.status is None and row.lease_until > now:
                raise InProgress
            # Expired, or its process died: ours now.
            fresh: dict[str, Any] = {**values, "status": None, "headers": None, "body": None}
            connection.execute(update(idempotency).where(ours).values(fresh))
            return attempt

    def keep(self, attempt: Attempt, answer: KeptAnswer) -> None:
        """Remember the answer, unless somebody took the key over."""
        statement = (
            update(idempotency)
            .where(_of(attempt))
            .values(status=answer.status, headers=json.dumps(answer.headers), body=answer.body)
        )
        with self._database.writing() as connection:
            connection.execute(statement)

    def release(self, attempt: Attempt) -> None:
        """It came to nothing final: the same request may be tried again."""
        with self._database.writing() as connection:
            connection.execute(delete(idempotency).where(_of(attempt)))

    def sweep(self, now: int) -> int:
        """Forget what is past its time; how many."""
        with self._database.writing() as connection:
            return connection.execute(delete(idempotency).where(idempotency.c.expires_at <= now)).rowcount


def _of(attempt: Attempt) -> Any:
    return (
        (idempotency.c.client_id == attempt.client_id)
        & (idempotency.c.key == attempt.key)
        & (idempotency.c.attempt == attempt.attempt)
    )


def _mismatch() -> IdempotencyMismatch:
    return IdempotencyMismatch(
        "Idempotency-Key này đã dùng cho một yêu cầu khác; hãy dùng khóa mới.",
        "This Idempotency-Key was used for another request; take a new one.",
    )
