"""Say whether a document's signatures are valid, to anybody, and keep nothing of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from signsvc.pades.validate import Validator, Verdict
from signsvc.pades.validation.etsi_report import etsi_report
from signsvc.store.files import IncomingFile


@dataclass(frozen=True, slots=True)
class VerifyDocument:
    """Raises InspectionUnavailable."""

    validator: Callable[[], Validator]

    def __call__(self, file: IncomingFile, *, now: datetime) -> Verdict:
        """The verdict for the document and each of its signatures. The caller deletes the file."""
        return self.validator().validate(file.path, now=now)

    def report(self, file: IncomingFile, verdict: Verdict) -> bytes:
        """What was found, as ETSI TS 119 102-2 writes it."""
        return etsi_report(verdict, file.sha256.hex())
