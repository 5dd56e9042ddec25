"""Take in a document: inspect it, and keep it when it may be signed.

::

    1 inspect the file in a process of its own; what may not be signed is refused with its findings
    2 make the file durable
    3 write its row
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from signsvc.pades.intake import Intake, check_signable
from signsvc.store.documents import Documents, StoredDocument
from signsvc.store.files import Files, IncomingFile


@dataclass(frozen=True, slots=True)
class UploadDocument:
    """Raises DocumentRefused, InspectionUnavailable, StoreUnavailable."""

    documents: Documents
    files: Files
    intake: Callable[[], Intake]
    retention: int

    def __call__(self, client_id: str, file: IncomingFile, name: str, *, now: datetime) -> StoredDocument:
        """The file becomes the client's document."""
        # 1
        report = self.intake().inspect(file.path)
        check_signable(report)
        # 2
        file.sync()
        # 3
        moment = int(now.timestamp())
        stored = StoredDocument(
            id=file.id,
            client_id=client_id,
            name=name,
            sha256=file.sha256.hex(),
            size=file.size,
            pages=report.pages,
            signatures=report.signatures,
            pdfa=report.pdfa,
            findings=tuple(finding.encode() for finding in report.warnings),
            created_at=moment,
            expires_at=moment + self.retention,
        )
        file.keep()
        self.documents.add(stored)
        return stored
