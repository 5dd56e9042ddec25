"""The folder of documents: files named by ids only, readable by the service alone."""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from signsvc.errors import BodyTooLarge, InProgress, StoreUnavailable

CHUNK = 1024 * 1024
_ID = re.compile(r"[0-9a-f]{32}")
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOENT, errno.EACCES}


def new_id() -> str:
    """128 random bits as 32 hex digits."""
    return secrets.token_hex(16)


class Files:
    """``path`` of an id; receiving, copying and deleting. Raises StoreUnavailable when the disk fails."""

    def __init__(self, folder: Path) -> None:
        # Absolute: Flask takes a relative path to be below the package, not the working directory.
        self._folder = folder.absolute()

    def prepare(self) -> None:
        """Make the folder, for this user only."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(detail=str(error)) from error

    def path(self, file_id: str) -> Path:
        """Where the file of this id is. An id is never taken from a caller unchecked."""
        if not _ID.fullmatch(file_id):
            raise ValueError("not an id")
        return self._folder / file_id

    def receive(self, max_bytes: int) -> "IncomingFile":
        """A new file to be written chunk by chunk; gone again unless ``keep`` was called."""
        return IncomingFile(self, max_bytes)

    def copy(self, source_id: str, target_id: str) -> None:
        """Copy a file in the kernel (reflink or copy_file_range where the file system can)."""
        try:
            descriptor = os.open(self.path(target_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as target, self.path(source_id).open("rb") as source:
                shutil.copyfileobj(source, target, CHUNK)
        except OSError as error:
            self.remove(target_id)
            raise StoreUnavailable(detail=str(error)) from error

    def remove(self, file_id: str) -> None:
        """Delete it; harmless when it is gone."""
        try:
            self.path(file_id).unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(detail=str(error)) from error

    def stale(self, now: float, age: float) -> list[str]:
        """Ids of files older than ``age`` seconds: candidates for having no row any more."""
        try:
            return [
                entry.name
                for entry in os.scandir(self._folder)
                if _ID.fullmatch(entry.name) and entry.stat().st_mtime < now - age
            ]
        except OSError as error:
            raise StoreUnavailable(detail=str(error)) from error

    @contextmanager
    def alone(self, file_id: str) -> Iterator[None]:
        """Nobody else who asks for the same may work on the file meanwhile; ends with the process.

        A lease can run out under a process that was stopped: this cannot. Raises InProgress, and OSError
        when the file is gone.
        """
        descriptor = os.open(self.path(file_id), os.O_RDONLY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InProgress(retry_after=5) from error
            yield
        finally:
            os.close(descriptor)

    def writable(self) -> bool:
        """Whether the folder can be written to."""
        return os.access(self._folder, os.W_OK | os.X_OK)

    def read(self, file_id: str, start: int, end: int) -> bytes:
        """The bytes [start, end) of a file."""
        try:
            with self.path(file_id).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except OSError as error:
            raise StoreUnavailable(detail=str(error)) from error


class IncomingFile:
    """A file on its way in: hashed while written, refused above its limit."""

    def __init__(self, files: Files, max_bytes: int) -> None:
        self.id = new_id()
        self.path = files.path(self.id)
        self.size = 0
        self._files = files
        self._max = max_bytes
        self._digest = hashlib.sha256()
        self._kept = False
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise StoreUnavailable(detail=str(error)) from error
        self._file: BinaryIO = os.fdopen(descriptor, "wb", buffering=0)

    @property
    def sha256(self) -> bytes:
        """Of what has come so far."""
        return self._digest.digest()

    def hash_state(self) -> "hashlib._Hash":
        """The state of that hash, to go on from."""
        return self._digest.copy()

    def write(self, chunk: bytes) -> int:
        """The next bytes. Raises BodyTooLarge, StoreUnavailable."""
        self.size += len(chunk)
        if self.size > self._max:
            raise too_large(self._max)
        self._digest.update(chunk)
        view = memoryview(chunk)
        try:
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            raise StoreUnavailable(detail=str(error)) from error
        return len(chunk)

    def seek(self, _offset: int, _whence: int = 0) -> int:
        """Nothing: form parsers rewind what they have written, we never read through this."""
        return 0

    def close(self) -> None:
        """No more bytes will come."""
        self._file.close()

    def sync(self) -> None:
        """Durable when this returns."""
        try:
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreUnavailable(detail=str(error)) from error

    def keep(self) -> None:
        """The file stays."""
        self._kept = True

    def discard(self) -> None:
        """Close and delete it."""
        self._file.close()
        self._files.remove(self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()
        if not self._kept:
            self.discard()


def too_large(max_bytes: int) -> BodyTooLarge:
    """What is said of a body above the limit."""
    mib = max_bytes // (1024 * 1024)
    return BodyTooLarge(
        f"Tệp lớn hơn giới hạn {mib} MiB.", f"The file is larger than the limit of {mib} MiB."
    )
