"""Which files left this service signed: found by their SHA-256 long after the files themselves are gone.

A row says what the document's own certificate says to everybody who has the file. The digest of a signed
file cannot be guessed, for it covers the signature value; so whoever asks has had the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from signsvc.store.database import Database
from signsvc.store.tables import issued

# More signatures than any document of an office has.
LONGEST_TRACE = 50
_INSERT = insert(issued)


@dataclass(frozen=True, slots=True)
class IssuedFile:
    """``base_sha256``: of the file that was signed, so that earlier signatures are found from it."""

    sha256: str
    base_sha256: str
    signed_at: datetime
    signer: str
    organisation: str
    title: str
    level: str
    training: bool
    leaf_index: int | None


class Issued:
    """Raises StoreUnavailable."""

    def __init__(self, database: Database, retention: int) -> None:
        self._database = database
        self._retention = retention

    def trace(self, sha256: str) -> Sequence[IssuedFile]:
        """How the file with this digest came about here: its last signature first. Empty: not ours."""
        found: list[IssuedFile] = []
        with self._database.reading() as connection:
            while len(found) < LONGEST_TRACE:
                row = connection.execute(select(issued).where(issued.c.sha256 == sha256)).first()
                if row is None:
                    break
                values: dict[str, Any] = dict(row._mapping)
                values["signed_at"] = datetime.fromtimestamp(values["signed_at"], UTC)
                values["training"] = bool(values["training"])
                found.append(IssuedFile(**values))
                sha256 = row.base_sha256
        return found

    def sweep(self, now: int) -> int:
        """Forget what is past its time; how many."""
        before = now - self._retention
        with self._database.writing() as connection:
            return connection.execute(delete(issued).where(issued.c.signed_at <= before)).rowcount


def remember(connection: Connection, file: IssuedFile) -> None:
    """Within the transaction that completes the signature: what is completed is found."""
    values = {name: getattr(file, name) for name in IssuedFile.__dataclass_fields__}
    values["signed_at"] = int(file.signed_at.timestamp())
    values["training"] = int(file.training)
    connection.execute(_INSERT, values)
