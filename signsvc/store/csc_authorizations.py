"""CSC authorisations under way: the act that waits for its approval, later the SAD.

Whoever reads the database holds neither handle nor SAD: of the handle the digest is kept, and the SAD is
sealed under the handle.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Row, delete, insert, select, update

from signsvc.store.database import Database
from signsvc.store.tables import csc_authorization

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class PendingAuthorization:
    """``sad`` is empty until the act is approved. Times in Unix seconds.

    On a page (``web/approval_page``) ``person_id`` approves for the system ``client_name``, and the browser
    goes to ``return_uri`` afterwards; empty when a client approves over the API. ``approved_act``: what was
    approved, where that is not all of ``act``.
    """

    client_id: str
    credential_id: str
    act: bytes
    expires_at: int
    sad: str = ""
    person_id: str = ""
    client_name: str = ""
    return_uri: str = ""
    rejected: bool = False
    approved_act: bytes = b""

    @property
    def approved(self) -> bytes:
        """The act in force: what was approved, or what waits for it."""
        return self.approved_act or self.act

    @property
    def state(self) -> str:
        """``pending``, ``approved`` or ``rejected``."""
        return "approved" if self.sad else "rejected" if self.rejected else "pending"


class CscAuthorizations:
    """Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, pending: PendingAuthorization, now: datetime) -> str:
        """Durable when this returns its handle."""
        handle = secrets.token_urlsafe(32)
        values = {
            "handle_digest": _digest(handle),
            "client_id": pending.client_id,
            "credential_id": pending.credential_id,
            "act": pending.act,
            "created_at": int(now.timestamp() * 1000),
            "expires_at": pending.expires_at,
            "person_id": pending.person_id or None,
            "client_name": pending.client_name or None,
            "return_uri": pending.return_uri or None,
        }
        with self._database.writing() as connection:
            connection.execute(insert(csc_authorization).values(values))
        return handle

    def find(self, handle: str, now: datetime) -> PendingAuthorization | None:
        """None when there is none, or its time is over."""
        query = select(csc_authorization).where(
            csc_authorization.c.handle_digest == _digest(handle),
            csc_authorization.c.expires_at > int(now.timestamp()),
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return _pending(row, handle) if row else None

    def find_newest(self, client_id: str, credential_id: str, now: datetime) -> PendingAuthorization | None:
        """What this client began last for this credential, and that nobody has approved yet."""
        query = (
            select(csc_authorization)
            .where(
                csc_authorization.c.client_id == client_id,
                csc_authorization.c.credential_id == credential_id,
                csc_authorization.c.expires_at > int(now.timestamp()),
                csc_authorization.c.sealed_sad.is_(None),
                csc_authorization.c.rejected_at.is_(None),
            )
            .order_by(csc_authorization.c.created_at.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return _pending(row, "") if row else None

    def approve(self, handle: str, sad: str, approved_act: bytes = b"") -> bool:
        """False when it was approved or rejected before. ``approved_act``: where documents were left out."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(_key(handle)).encrypt(nonce, sad.encode(), b"")
        statement = (
            update(csc_authorization)
            .where(
                csc_authorization.c.handle_digest == _digest(handle),
                csc_authorization.c.sealed_sad.is_(None),
                csc_authorization.c.rejected_at.is_(None),
            )
            .values(sealed_sad=sealed, approved_act=approved_act or None)
        )
        with self._database.writing() as connection:
            return connection.execute(statement).rowcount == 1

    def reject(self, handle: str, now: datetime) -> bool:
        """False when it was approved or rejected before."""
        statement = (
            update(csc_authorization)
            .where(
                csc_authorization.c.handle_digest == _digest(handle),
                csc_authorization.c.sealed_sad.is_(None),
                csc_authorization.c.rejected_at.is_(None),
            )
            .values(rejected_at=int(now.timestamp()))
        )
        with self._database.writing() as connection:
            return connection.execute(statement).rowcount == 1

    def sweep(self, now: int) -> int:
        """Forget what is past its time; how many."""
        statement = delete(csc_authorization).where(csc_authorization.c.expires_at <= now)
        with self._database.writing() as connection:
            return connection.execute(statement).rowcount


def _pending(row: Row[tuple[object, ...]], handle: str) -> PendingAuthorization:
    sad = ""
    if row.sealed_sad and handle:
        sealed = bytes(row.sealed_sad)
        sad = AESGCM(_key(handle)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], b"").decode()
    return PendingAuthorization(
        row.client_id,
        row.credential_id,
        bytes(row.act),
        row.expires_at,
        sad,
        person_id=row.person_id or "",
        client_name=row.client_name or "",
        return_uri=row.return_uri or "",
        rejected=row.rejected_at is not None,
        approved_act=bytes(row.approved_act or b""),
    )


def _digest(handle: str) -> bytes:
    return hashlib.sha256(b"csc handle " + handle.encode()).digest()


def _key(handle: str) -> bytes:
    return hashlib.sha256(b"csc sad key " + handle.encode()).digest()
