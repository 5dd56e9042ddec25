"""Documents that clients sent: who owns them, what the inspection found, until when they are kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, delete, insert, or_, select

from signsvc.store.database import Database
from signsvc.store.tables import document


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """``sha256`` hex; ``findings``: JSON-ready members; times in Unix seconds. Its file is ``id``."""

    id: str
    client_id: str
    name: str
    sha256: str
    size: int
    pages: int
    signatures: int
    pdfa: str
    findings: tuple[dict[str, Any], ...]
    created_at: int
    expires_at: int


class Documents:
    """Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, stored: StoredDocument) -> None:
        """Durable when this returns."""
        values = {name: getattr(stored, name) for name in StoredDocument.__slots__}
        values["findings"] = json.dumps(stored.findings)
        with self._database.writing() as connection:
            connection.execute(insert(document).values(values))

    def find(self, client_id: str, document_id: str, now: int) -> StoredDocument | None:
        """The client's document; None when it is nobody's, another's, or expired."""
        query = select(document).where(
            document.c.id == document_id, document.c.client_id == client_id, document.c.expires_at > now
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return _document(row) if row else None

    def page(
        self, client_id: str, now: int, limit: int, after: tuple[int, str] | None = None
    ) -> Sequence[StoredDocument]:
        """The client's documents, newest first, beginning behind ``after`` (created_at, id)."""
        query = select(document).where(document.c.client_id == client_id, document.c.expires_at > now)
        if after:
            created_at, document_id = after
            older = and_(document.c.created_at == created_at, document.c.id < document_id)
            query = query.where(or_(document.c.created_at < created_at, older))
        query = query.order_by(document.c.created_at.desc(), document.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [_document(row) for row in connection.execute(query)]

    def exists(self, document_id: str) -> bool:
        """Whoever's it is."""
        with self._database.reading() as connection:
            query = select(document.c.id).where(document.c.id == document_id)
            return connection.execute(query).first() is not None

    def remove(self, document_id: str) -> None:
        """Forget it. Its file is the caller's to delete."""
        with self._database.writing() as connection:
            connection.execute(delete(document).where(document.c.id == document_id))

    def expired(self, now: int, limit: int = 100) -> Sequence[str]:
        """Ids of documents whose time is over."""
        query = select(document.c.id).where(document.c.expires_at <= now).limit(limit)
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())


def _document(row: Row[Any]) -> StoredDocument:
    fields = dict(row._mapping)
    return StoredDocument(**(fields | {"findings": tuple(json.loads(fields["findings"]))}))
