"""Documents on people's desks: whatever is read names whose, so that nobody sees another's."""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from desk.errors import NotFound
from desk.signing.shown import Prepared
from desk.store.database import Database
from desk.store.tables import document, event

PAGE = 100


class State(StrEnum):
    """``signing``: approved, and being signed."""

    TO_SIGN = "to_sign"
    SIGNING = "signing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Document:
    """A row. Times in Unix seconds."""

    id: str
    subject: str
    name: str
    state: State
    remote_id: str
    sha256: str
    pages: int
    findings: tuple[dict[str, Any], ...]
    created_at: int
    expires_at: int
    credential_id: str
    prepared: Prepared | None
    prepared_at: int
    batch_id: str
    approved_at: int
    signed_at: int
    leaf_index: int | None
    receipt: dict[str, str] | None
    problem: str
    problem_en: str


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what with it."""

    name: str
    kind: str
    at: int
    leaf_index: int | None


class Documents:
    """Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, subject: str, name: str, told: dict[str, Any], *, by: str, now: int) -> str:
        """As the signing service told of it; what lies here already lies here once."""
        # Made of both, so that a double click, at the same moment in two processes, makes one row.
        document_id = hashlib.sha256(f"{subject}\n{told['id']}".encode()).hexdigest()[:32]
        values = {
            "id": document_id,
            "subject": subject,
            "name": name,
            "folded": fold(name),
            "state": State.TO_SIGN,
            "remote_id": told["id"],
            "sha256": told["sha256"],
            "pages": told["pages"],
            "findings": json.dumps(told.get("findings", [])),
            "created_at": now,
            "expires_at": told["expires_at"],
        }
        same = select(document.c.id).where(document.c.subject == subject, document.c.remote_id == told["id"])
        with self._database.writing() as connection:
            known = connection.execute(same).scalar()
            if known:
                return str(known)
            try:
                with connection.begin_nested():
                    connection.execute(insert(document).values(values))
            except IntegrityError:
                return document_id
            connection.execute(insert(event).values(_event(document_id, subject, by, "uploaded", now)))
        return document_id

    def get(self, subject: str, document_id: str) -> Document:
        """Raises NotFound: another's and an unknown one are told apart by nobody."""
        query = select(document).where(document.c.id == document_id, document.c.subject == subject)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound
        return _document(row)

    def on_desk(
        self, subject: str, states: Sequence[State], words: str = "", *, number: int = 1
    ) -> tuple[list[Document], bool]:
        """Page ``number`` of them, the newest first, and whether more follow.

        ``words``: each must be in the name, marks and case aside.
        """
        query = select(document).where(document.c.subject == subject, document.c.state.in_(states))
        for word in fold(words).split()[:10]:
            query = query.where(document.c.folded.contains(word, autoescape=True))
        query = query.order_by(document.c.created_at.desc(), document.c.name, document.c.id)
        found = self._read(query.offset((number - 1) * PAGE).limit(PAGE + 1))
        return found[:PAGE], len(found) > PAGE

    def of_batch(self, subject: str, batch_id: str) -> list[Document]:
        query = select(document).where(document.c.subject == subject, document.c.batch_id == batch_id)
        return self._read(query.order_by(document.c.created_at, document.c.name, document.c.id))

    def history(self, subject: str, document_id: str) -> list[Event]:
        whose = (event.c.subject == subject, event.c.document_id == document_id)
        query = select(event).where(*whose).order_by(event.c.id)
        with self._database.reading() as connection:
            return [Event(row.name, row.kind, row.at, row.leaf_index) for row in connection.execute(query)]

    def keep_prepared(self, document_id: str, credential_id: str, prepared: Prepared, now: int) -> None:
        self._change(
            document_id,
            (State.TO_SIGN,),
            credential_id=credential_id,
            signature_id=prepared.signature_id,
            digest=prepared.digest,
            suffix=prepared.suffix,
            gap_start=prepared.gap[0],
            gap_end=prepared.gap[1],
            prepared_at=now,
        )

    def begin_signing(self, subject: str, document_ids: Sequence[str], batch_id: str, now: int) -> int:
        """They were approved together. How many of them are signed now: the rest is under way or done."""
        waiting = (
            document.c.subject == subject,
            document.c.id.in_(document_ids),
            document.c.state == State.TO_SIGN,
        )
        statement = update(document).where(*waiting).returning(document.c.id)
        values = {
            "state": State.SIGNING, "batch_id": batch_id, "approved_at": now, "problem": "", "problem_en": "",
        }  # fmt: skip
        with self._database.writing() as connection:
            return len(connection.execute(statement.values(values)).all())

    def finish(self, found: Document, told: dict[str, Any], *, by: str, now: int) -> None:
        """Signed, with its receipt. A second call changes nothing."""
        leaf = (told.get("signature") or {}).get("leaf_index")
        values = {
            "state": State.DONE, "signed_at": now, "leaf_index": leaf,
            "receipt": json.dumps(told.get("receipt")), "problem": "", "problem_en": "",
        }  # fmt: skip
        self._change(found.id, (State.SIGNING,), kind="signed", by=by, at=now, **values)

    def put_back(self, found: Document, vi: str, en: str, *, by: str, now: int) -> None:
        """Not signed, and why; it is prepared anew when it is opened again."""
        values = {
            "state": State.TO_SIGN, "signature_id": "", "prepared_at": 0, "problem": vi, "problem_en": en,
        }  # fmt: skip
        self._change(found.id, (State.SIGNING,), kind="not_signed", by=by, at=now, **values)

    def _change(
        self,
        document_id: str,
        states: Sequence[State],
        *,
        kind: str = "",
        by: str = "",
        at: int = 0,
        **values: Any,
    ) -> None:
        statement = update(document).where(document.c.id == document_id, document.c.state.in_(states))
        with self._database.writing() as connection:
            changed = connection.execute(statement.values(values).returning(document.c.subject)).first()
            if changed and kind:
                row = _event(document_id, changed.subject, by, kind, at, values.get("leaf_index"))
                connection.execute(insert(event).values(row))

    def _read(self, query: Select[Any]) -> list[Document]:
        with self._database.reading() as connection:
            return [_document(row) for row in connection.execute(query)]


def fold(text: str) -> str:
    """Vietnamese as people type it in a hurry: "Đề nghị" and "de nghi" are one."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _event(
    document_id: str, subject: str, by: str, kind: str, at: int, leaf_index: int | None = None
) -> dict[str, Any]:
    return {
        "document_id": document_id, "subject": subject, "name": by, "kind": kind, "at": at,
        "leaf_index": leaf_index,
    }  # fmt: skip


def _document(row: Row[Any]) -> Document:
    prepared = None
    if row.signature_id:
        prepared = Prepared(row.signature_id, row.digest, bytes(row.suffix), (row.gap_start, row.gap_end))
    own = {name: getattr(row, name) for name in Document.__slots__ if name in row._fields}
    changed = {
        "state": State(row.state),
        "findings": tuple(json.loads(row.findings)),
        "receipt": json.loads(row.receipt) if row.receipt else None,
        "prepared": prepared,
    }
    return Document(**(own | changed))
