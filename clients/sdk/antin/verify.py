"""Ask the service whether a signed document is valid; no login is needed."""

import os
from dataclasses import dataclass, field
from typing import Any, Literal

from antin.connection import Connection
from antin.documents import pdf_body
from antin.errors import NetworkError
from antin.source import Progress, no_progress, source_of

Answer = Literal["valid", "invalid", "indeterminate"]

# The three verdicts as we and as EN 319 102-1 §5.1.3 spell them.
_ANSWERS: dict[str, Answer] = {
    "valid": "valid",
    "total-passed": "valid",
    "invalid": "invalid",
    "total-failed": "invalid",
    "indeterminate": "indeterminate",
    # A document without a signature: nothing is wrong with it, and nobody vouches for it.
    "no-signature": "indeterminate",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``answer`` for the whole document; ``members`` is all the service said."""

    answer: Answer
    members: dict[str, Any] = field(repr=False)

    @property
    def signatures(self) -> list[dict[str, Any]]:
        """What was said of each signature, in the order of signing."""
        listed = self.members.get("signatures")
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def verify_document(
    connection: Connection, document: str | os.PathLike[str] | bytes, progress: Progress = no_progress
) -> Verdict:
    """Send a signed document and read the verdict. Raises DocumentRefused, NetworkError, FileError."""
    source = source_of(document)
    members = connection.members("POST", "/v1/verify", body=pdf_body(source, progress), login="no")
    return Verdict(read_answer(members), members)


def read_answer(members: dict[str, Any]) -> Answer:
    """The verdict of a document or of one signature. Raises NetworkError when there is none."""
    for name in ("verdict", "indication", "status"):
        said = members.get(name)
        if isinstance(said, str) and said.lower().replace("_", "-") in _ANSWERS:
            return _ANSWERS[said.lower().replace("_", "-")]
    # An unknown word must never pass for "valid".
    raise NetworkError(
        "Kết quả kiểm tra không đọc được. Phiên bản dịch vụ có khớp SDK không?",
        "The verdict cannot be read. Does the service fit this SDK?",
    )
