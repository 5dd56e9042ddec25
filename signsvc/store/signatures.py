"""Signatures and their states. Each step that must survive a crash is one transaction here.

::

    awaiting_approval -> signing -> signed -> completed
           |                |         |  \\-> waiting -> completed
           v                v         v         v
                           failed

``signing`` is written before the key process is asked, so a crash never hides that an approval may
have been spent. ``signed`` holds the signature value: from here on nothing is signed again. A claim
gives a lease and raises the fence; only the newest fence writes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Update, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningUpdate

from signsvc.errors import LeaseLost
from signsvc.store.database import Database
from signsvc.store.issued import IssuedFile, remember
from signsvc.store.tables import signature


class State(StrEnum):
    """Where a signature stands."""

    AWAITING_APPROVAL = "awaiting_approval"
    SIGNING = "signing"
    SIGNED = "signed"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """A row. ``prepared``: JSON-ready members of the prepared document; its file is ``id``.

    ``certificates``: the DER chain the signed attributes name, concatenated, signer first.
    """

    id: str
    client_id: str
    document_id: str
    state: State
    name: str
    credential_id: str
    level: str
    on_unavailable: str
    act: bytes
    base_sha256: str
    prepared: dict[str, Any]
    created_at: int
    approve_until: int
    expires_at: int
    resume_key: str | None = None
    signature_value: bytes | None = None
    certificates: bytes | None = None
    leaf_index: int | None = None
    receipt_entry: bytes | None = None
    receipt_proof: str | None = None
    timestamp_token: bytes | None = None
    result_sha256: str | None = None
    result_size: int | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    failure_message_en: str | None = None
    attempts: int = 0
    next_attempt_at: int = 0
    fence: int = 0
    lease_until: int = 0


UNFINISHED = (State.AWAITING_APPROVAL, State.SIGNING, State.SIGNED, State.WAITING)


class Signatures:
    """Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Built once: SQLAlchemy takes longer to build and key a statement than SQLite to run it.
        insert = sqlite.insert if database.sqlite else postgresql.insert
        self._insert = (
            insert(signature).on_conflict_do_nothing(index_elements=["resume_key"]).returning(signature.c.id)
        )
        self._by_id = _for_client(signature.c.id == bindparam("wanted"))
        self._by_resume_key = _for_client(signature.c.resume_key == bindparam("wanted"))

    def add(self, stored: StoredSignature) -> bool:
        """Durable when this returns. False when its ``resume_key`` is there already."""
        values = {name: getattr(stored, name) for name in StoredSignature.__slots__}
        values["prepared"] = json.dumps(stored.prepared)
        # RETURNING says what rowcount does not say on every driver.
        with self._database.writing() as connection:
            return connection.execute(self._insert, values).first() is not None

    def find(self, client_id: str, signature_id: str) -> StoredSignature | None:
        """The client's signature; None when it is nobody's or another's."""
        return self._first(self._by_id, {"wanted": signature_id, "client": client_id})

    def find_resumable(self, client_id: str, resume_key: str) -> StoredSignature | None:
        """What an earlier, equal call left."""
        return self._first(self._by_resume_key, {"wanted": resume_key, "client": client_id})

    def _first(self, query: Select[Any], values: dict[str, str]) -> StoredSignature | None:
        with self._database.reading() as connection:
            row = connection.execute(query, values).first()
        return _signature(row) if row else None

    def claim(
        self, signature_id: str, states: Sequence[State], *, now: int, lease: int, into: State | None = None
    ) -> StoredSignature | None:
        """Lease it if it stands in one of ``states`` and nobody else has it; None otherwise.

        ``into``: the state it enters in the same transaction.
        """
        statement = _claim(tuple(states), into)
        with self._database.writing() as connection:
            row = connection.execute(
                statement, {"wanted": signature_id, "free_at": now, "until": now + lease}
            ).first()
        return _signature(row) if row else None

    def claim_due(self, *, now: int, lease: int) -> StoredSignature | None:
        """Lease one that waits for its time-stamp or revocation data and whose turn has come."""
        waits = signature.c.state == State.WAITING
        # Signed, to be waited for, and its process died before it could say so.
        orphaned = and_(signature.c.state == State.SIGNED, signature.c.on_unavailable == "wait")
        due = (
            select(signature.c.id)
            .where(or_(waits, orphaned), signature.c.next_attempt_at <= now, signature.c.lease_until <= now)
            .order_by(signature.c.next_attempt_at)
            .limit(1)
        )
        if not self._database.sqlite:
            # SQLite's writers are one at a time already.
            due = due.with_for_update(skip_locked=True)
        statement = (
            update(signature)
            .where(signature.c.id == due.scalar_subquery())
            .values(fence=signature.c.fence + 1, lease_until=now + lease)
            .returning(*signature.c)
        )
        with self._database.writing() as connection:
            row = connection.execute(statement).first()
        return _signature(row) if row else None

    def advance(self, signature_id: str, fence: int, **values: Any) -> None:
        """Write a step's result, if the lease is still ours. Raises LeaseLost."""
        statement = _advance(tuple(values))
        ours = {"wanted": signature_id, "held": fence}
        new = {f"new_{name}": value for name, value in values.items()}
        with self._database.writing() as connection:
            if connection.execute(statement, ours | new).rowcount != 1:
                raise LeaseLost(signature_id)

    def complete(self, signature_id: str, fence: int, file: IssuedFile, **values: Any) -> None:
        """As ``advance``, for the last step: the signed file is found by its digest from then on."""
        ours = {"wanted": signature_id, "held": fence}
        new = {f"new_{name}": value for name, value in values.items()}
        with self._database.writing() as connection:
            if connection.execute(_advance(tuple(values)), ours | new).rowcount != 1:
                raise LeaseLost(signature_id)
            remember(connection, file)

    def check_held(self, signature_id: str, fence: int) -> None:
        """Raise LeaseLost when somebody has claimed it since."""
        query = select(signature.c.fence).where(signature.c.id == signature_id)
        with self._database.reading() as connection:
            if connection.execute(query).scalar_one_or_none() != fence:
                raise LeaseLost(signature_id)

    def unfinished_of(self, document_id: str) -> Sequence[StoredSignature]:
        """The document's signatures that are neither completed nor failed."""
        query = select(signature).where(
            signature.c.document_id == document_id, signature.c.state.in_(UNFINISHED)
        )
        with self._database.reading() as connection:
            return [_signature(row) for row in connection.execute(query)]

    def expired(self, now: int, limit: int = 100) -> Sequence[str]:
        """Ids of those whose time is over and that nobody works on."""
        query = (
            select(signature.c.id)
            .where(signature.c.expires_at <= now, signature.c.lease_until <= now)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def exists(self, signature_id: str) -> bool:
        """Whoever's it is."""
        query = select(signature.c.id).where(signature.c.id == signature_id)
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def remove(self, signature_id: str) -> None:
        """Forget it. Its file is the caller's to delete."""
        with self._database.writing() as connection:
            connection.execute(delete(signature).where(signature.c.id == signature_id))

    def count_waiting(self) -> int:
        """How many wait for a time-stamp or revocation data."""
        query = select(func.count()).select_from(signature).where(signature.c.state == State.WAITING)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())


@cache
def _claim(states: tuple[State, ...], into: State | None) -> ReturningUpdate[Any]:
    values: dict[str, Any] = {"fence": signature.c.fence + 1, "lease_until": bindparam("until")}
    if into:
        values["state"] = into
    return (
        update(signature)
        .where(
            signature.c.id == bindparam("wanted"),
            signature.c.state.in_(states),
            signature.c.lease_until <= bindparam("free_at"),
        )
        .values(values)
        .returning(*signature.c)
    )


@cache
def _advance(names: tuple[str, ...]) -> Update:
    return (
        update(signature)
        .where(signature.c.id == bindparam("wanted"), signature.c.fence == bindparam("held"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )


def _for_client(condition: ColumnElement[bool]) -> Select[Any]:
    return select(signature).where(condition, signature.c.client_id == bindparam("client"))


def _signature(row: Row[Any]) -> StoredSignature:
    values = dict(row._mapping)
    values["state"] = State(values["state"])
    values["prepared"] = json.loads(values["prepared"])
    return StoredSignature(**values)
