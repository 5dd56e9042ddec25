"""Say whether a document's signatures are valid, to anybody, and keep nothing of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from signsvc.pades.validate import Validator, Verdict
from signsvc.store.files import IncomingFile


@dataclass(frozen=True, slots=True)
class VerifyDocument:
    """Raises InspectionUnavailable."""

    validator: Callable[[], Validator]

    def __call__(self, file: IncomingFile, *, now: datetime) -> Verdict:
        """The verdict for the document and each of its signatures. The caller deletes the file."""
        return self.validator().validate(file.path, now=now)
