"""Forget a document, and what was prepared from it; or forget all whose time is over.

::

    1 a signature under way must end first
    2 what only awaits its approval is ended
    3 the row goes before the file: a file without a row is swept up later, a row without a file never is
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signsvc.errors import InProgress, StateConflict
from signsvc.store.documents import Documents
from signsvc.store.files import Files
from signsvc.store.signatures import Signatures, State, StoredSignature

# A file whose row is still to be written is younger than this.
ORPHAN_AGE = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class DeleteDocument:
    """Raises StateConflict, StoreUnavailable."""

    documents: Documents
    signatures: Signatures
    files: Files

    def __call__(self, document_id: str, *, now: datetime) -> None:
        """The caller has checked whose it is."""
        unfinished = self.signatures.unfinished_of(document_id)
        # 1
        if any(one.state in (State.SIGNED, State.WAITING) for one in unfinished):
            raise StateConflict(
                "Tài liệu đang được ký; hãy chờ chữ ký hoàn thành rồi xóa.",
                "The document is being signed; wait for its signature, then delete it.",
            )
        # 2
        for one in unfinished:
            self._end(one, int(now.timestamp()))
        # 3
        self.documents.remove(document_id)
        self.files.remove(document_id)

    def _end(self, one: StoredSignature, moment: int) -> None:
        held = self.signatures.claim(one.id, (State.AWAITING_APPROVAL, State.SIGNING), now=moment, lease=30)
        if held is None:
            raise InProgress
        self.signatures.advance(
            held.id,
            held.fence,
            state=State.FAILED,
            failure_code="document_deleted",
            failure_message="Tài liệu đã bị xóa trước khi phê duyệt.",
            failure_message_en="The document was deleted before the approval.",
            lease_until=0,
        )
        self.files.remove(held.id)


class Swept(Protocol):
    """What forgets by itself what is past its time; how many. Raises StoreUnavailable."""

    def sweep(self, now: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Sweep:
    """Delete what is kept no longer. Raises StoreUnavailable."""

    documents: Documents
    signatures: Signatures
    others: Sequence[Swept]
    files: Files

    def __call__(self, *, now: datetime) -> int:
        """How many documents and signatures went."""
        moment = int(now.timestamp())
        gone = 0
        for document_id in self.documents.expired(moment):
            self.documents.remove(document_id)
            self.files.remove(document_id)
            gone += 1
        for signature_id in self.signatures.expired(moment):
            self.signatures.remove(signature_id)
            self.files.remove(signature_id)
            gone += 1
        for other in self.others:
            other.sweep(moment)
        self._remove_orphans(now)
        return gone

    def _remove_orphans(self, now: datetime) -> None:
        for file_id in self.files.stale(now.timestamp(), ORPHAN_AGE):
            if not self.documents.exists(file_id) and not self.signatures.exists(file_id):
                self.files.remove(file_id)
