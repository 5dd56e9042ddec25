"""The caller's own file: read in chunks, hashed as it is sent."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from antin.errors import FileError

CHUNK = 1024 * 1024

# Called with what goes on ("upload" or "download"), the bytes done and the bytes in all.
Progress = Callable[[str, int, int], None]


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Says nothing."""


@dataclass(slots=True)
class Source:
    """A document to be sent. ``sent`` is the SHA-256 state over what the last ``chunks`` gave out.

    What was sent is what is compared afterwards: a file that someone changes in the meantime
    cannot make the comparison pass.
    """

    name: str
    size: int
    path: Path | None
    data: bytes = field(default=b"", repr=False)
    sent: "hashlib._Hash" = field(default_factory=hashlib.sha256, repr=False)

    @property
    def sha256(self) -> bytes:
        """SHA-256 of what was sent."""
        return self.sent.digest()

    def chunks(self, progress: Progress = no_progress, what: str = "upload") -> Iterator[bytes]:
        """The bytes, 1 MiB at a time. Raises FileError when the file cannot be read or changes size."""
        self.sent = hashlib.sha256()
        done = 0
        for chunk in self._read():
            self.sent.update(chunk)
            done += len(chunk)
            yield chunk
            progress(what, done, self.size)
        if done != self.size:
            raise FileError(
                f"{self.name} thay đổi trong lúc đọc; thử lại khi không ai sửa tệp.",
                f"{self.name} changed while it was read; try again when nobody edits it.",
            )

    def hash(self) -> bytes:
        """SHA-256 of the whole document, by reading it once."""
        for _ in self.chunks():
            pass
        return self.sha256

    def _read(self) -> Iterator[bytes]:
        if self.path is None:
            for start in range(0, len(self.data), CHUNK):
                yield self.data[start : start + CHUNK]
            return
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise _unreadable(self.path, error) from error


def printable(name: str, longest: int) -> str:
    """A file's name as the wire takes it: no control characters, not too long."""
    return "".join(char for char in name if char.isprintable())[:longest]


def source_of(document: str | os.PathLike[str] | bytes, name: str = "") -> Source:
    """A document given as a path or as its bytes. Raises FileError."""
    if isinstance(document, bytes):
        return Source(
            name=printable(name, 200) or "document.pdf", size=len(document), path=None, data=document
        )
    path = Path(document)
    try:
        # A directory opens on some systems; reading tells on all.
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.read(1)
    except OSError as error:
        raise _unreadable(path, error) from error
    return Source(name=printable(name or path.name, 200), size=size, path=path)


def _unreadable(path: Path, error: OSError) -> FileError:
    return FileError(
        f"Không đọc được {path}: {error.strerror}. Kiểm tra tên tệp và quyền đọc.",
        f"Cannot read {path}: {error.strerror}. Check the name and the permissions.",
    )
