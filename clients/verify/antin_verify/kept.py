"""What people handed in and what was found, kept for a few minutes for the browser that brought it.

A result's address alone opens nothing: the file's name is made from the address and a secret that only the
browser's cookie has. So an address in a log, a history or a referrer gives nobody the document.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antin_verify.errors import NotKept, TryLater, too_large

CHUNK = 256 * 1024
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Result:
    """``verdict``: the service's members as they came; ``path``: the file that was checked."""

    result_id: str
    name: str
    sha256: str
    size: int
    kept_until: int
    verdict: dict[str, Any]
    report: str
    signed_here: list[dict[str, Any]]
    path: Path

    def read(self, length: int) -> Iterator[bytes]:
        """The first ``length`` bytes. Raises NotKept when the file is gone."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError as error:
            raise NotKept from error

        def chunks() -> Iterator[bytes]:
            left = length
            with file:
                while left and (chunk := file.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk

        return chunks()


class KeptResults:
    """One folder, shared by all workers."""

    def __init__(self, folder: Path, *, keep_seconds: int, max_document: int, max_kept: int) -> None:
        self._folder = folder.absolute()
        self._keep_seconds = keep_seconds
        self._max_document = max_document
        self._max_kept = max_kept

    def prepare(self) -> None:
        """Make the folder, for this user only."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def receive(self, announced: int) -> "IncomingDocument":
        """A new file to be written; gone again unless kept. Raises TryLater when the folder is full."""
        held = sum(entry.stat().st_size for entry in self._entries())
        if held + min(announced, self._max_document) > self._max_kept:
            raise TryLater(
                "Đang có quá nhiều tệp được kiểm tra. Hãy thử lại sau ít phút.",
                "Too many files are being checked. Try again in a few minutes.",
                code="full",
                retry_after=60,
            )
        return IncomingDocument(self._folder / f"{secrets.token_hex(16)}.incoming", self._max_document)

    def keep(
        self, document: "IncomingDocument", browser: str, *, now: int, name: str, found: dict[str, Any]
    ) -> str:
        """The result's id. ``found``: verdict, report and signed_here."""
        result_id = secrets.token_hex(16)
        path = self._path(result_id, browser)
        members = {"name": name, "sha256": document.sha256, "size": document.size, **found}
        members["kept_until"] = now + self._keep_seconds
        # The document first: a result is complete when its members are there.
        document.path.rename(path)
        with os.fdopen(os.open(_members(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(members, file)
        return result_id

    def find(self, result_id: str, browser: str, *, now: int) -> Result:
        """Raises NotKept."""
        path = self._path(result_id, browser)
        try:
            members = json.loads(_members(path).read_text())
        except (FileNotFoundError, ValueError) as error:
            raise NotKept from error
        if now >= members["kept_until"]:
            raise NotKept
        return Result(result_id=result_id, path=path, **members)

    def forget(self, result_id: str, browser: str) -> None:
        """Delete it now; harmless when it is gone."""
        path = self._path(result_id, browser)
        path.unlink(missing_ok=True)
        _members(path).unlink(missing_ok=True)

    def sweep(self, now: float) -> int:
        """Delete what is past its time; how many files."""
        gone = 0
        for entry in self._entries():
            with suppress(FileNotFoundError):
                if entry.stat().st_mtime <= now - self._keep_seconds:
                    Path(entry.path).unlink()
                    gone += 1
        return gone

    def _path(self, result_id: str, browser: str) -> Path:
        if not _ID.fullmatch(result_id) or not browser:
            raise NotKept
        return self._folder / hashlib.sha256(f"{result_id}:{browser}".encode()).hexdigest()

    def _entries(self) -> Iterator["os.DirEntry[str]"]:
        with os.scandir(self._folder) as entries:
            yield from entries


class IncomingDocument:
    """A file on its way in: hashed while written, refused above its limit. A form parser writes to it."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path = path
        self.size = 0
        self.beginning = b""
        self._max = max_bytes
        self._digest = hashlib.sha256()
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    @property
    def sha256(self) -> str:
        """Of what was written, hexadecimal."""
        return self._digest.hexdigest()

    def write(self, chunk: bytes) -> int:
        """The next bytes. Raises DocumentUnfit when it gets too large."""
        self.size += len(chunk)
        if self.size > self._max:
            raise too_large(self._max)
        if len(self.beginning) < 1024:
            self.beginning += chunk[:1024]
        self._digest.update(chunk)
        return self._file.write(chunk)

    def seek(self, _offset: int, _whence: int = 0) -> int:
        """Nothing: form parsers rewind what they have written; it is read from its path."""
        return 0

    def close(self) -> None:
        """No more bytes will come."""
        self._file.close()

    def discard(self) -> None:
        """Close and delete it; harmless when it was kept."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _members(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
