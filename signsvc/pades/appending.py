"""Incremental updates in place: what is in a file stays byte for byte, new objects follow it.

pyHanko reads the document and writes the objects; this module keeps it from touching /Info, XMP and the
version (PDF/A wants them as they are), and does the digest itself: through windows of a memory map, so
that a file of any size costs one pass and a few MiB.
"""

import hashlib
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.signers.pdf_byterange import PdfSignedData

from signsvc.pades.errors import DocumentRefused
from signsvc.pades.reading import ENCRYPTED, ENCRYPTED_MAC, WRONG_PASSWORD, open_reader, unreadable

_WINDOW = 8 * 1024 * 1024
# What pyHanko raises when an entry is not of the type that it should be: a number for an array.
_OF_ANOTHER_TYPE = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
Made = TypeVar("Made")


class Appender(IncrementalPdfFileWriter):
    """pyHanko's incremental writer, adding only what it is asked to add."""

    # pyHanko would raise every document to this version: the input's own stays.
    output_version = (1, 3)

    def _update_meta(self) -> None:
        """Leave /Info and XMP alone: a signature does not change what the document says of itself."""


def append(
    path: Path,
    make: Callable[[Appender], Made],
    *,
    password: str | None = None,
    allow_hybrid: bool = False,
) -> Made:
    """Open the document for appending and let ``make`` add its objects and write them.

    If anything fails the file gets its old length back. Raises DocumentRefused.
    """
    with path.open("r+b") as file:
        base_size = file.seek(0, os.SEEK_END)
        try:
            return make(_open(file, password, allow_hybrid=allow_hybrid))
        except PdfError as error:
            file.truncate(base_size)
            raise DocumentRefused((unreadable(str(error)),)) from error
        except _OF_ANOTHER_TYPE as error:
            file.truncate(base_size)
            raise DocumentRefused((unreadable(type(error).__name__),)) from error
        except BaseException:
            file.truncate(base_size)
            raise


def write_update(writer: Appender) -> None:
    """Write what was added behind the document, on a line of its own."""
    stream: BinaryIO = writer.prev.stream
    stream.seek(-1, os.SEEK_END)
    if stream.read(1) not in (b"\n", b"\r"):
        stream.write(b"\n")
    writer.write_in_place()  # type: ignore[no-untyped-call]
    stream.flush()


def write_placeholder(writer: Appender, placeholder: PdfSignedData) -> tuple[int, int]:
    """Write the update holding a signature dictionary, fill in its /ByteRange, and return the gap.

    The gap is [start, end) with the angle brackets: the bytes the digest leaves out.
    """
    writer.digest_aware_write = True
    write_update(writer)
    stream: BinaryIO = writer.prev.stream
    end = stream.seek(0, os.SEEK_END)
    gap_start, gap_end = placeholder.contents.offsets
    placeholder.byte_range.fill_offsets(stream, gap_start, gap_end, end)  # type: ignore[no-untyped-call]
    stream.flush()
    return gap_start, gap_end


def digest_around_gap(path: Path, gap_start: int, gap_end: int) -> bytes:
    """SHA-256 of a file without the bytes [gap_start, gap_end)."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for window in _windows(file.fileno(), size):
            start, view = window
            end = start + len(view)
            digest.update(view[: max(0, gap_start - start)])
            if end > gap_end:
                digest.update(view[max(0, gap_end - start) :])
    return digest.digest()


def digest_file(path: Path) -> bytes:
    """SHA-256 of a whole file."""
    size = path.stat().st_size
    return digest_around_gap(path, size, size)


def fill_gap(path: Path, gap_start: int, cms: bytes, *, fsync: bool) -> None:
    """Write hexadecimal into a gap behind its opening bracket."""
    with path.open("r+b", buffering=0) as file:
        file.seek(gap_start + 1)
        file.write(cms.hex().upper().encode())
        if fsync:
            os.fsync(file.fileno())


def _windows(descriptor: int, size: int) -> Iterator[tuple[int, memoryview]]:
    # Windows instead of one map: resident memory stays at one window however long the file is.
    for start in range(0, size, _WINDOW):
        length = min(_WINDOW, size - start)
        with _window(descriptor, start, length) as view:
            yield start, view


@contextmanager
def _window(descriptor: int, start: int, length: int) -> Iterator[memoryview]:
    with mmap.mmap(descriptor, length, offset=start, access=mmap.ACCESS_READ) as mapped:
        mapped.madvise(mmap.MADV_SEQUENTIAL)
        view = memoryview(mapped)
        try:
            yield view
        finally:
            view.release()


def _open(file: BinaryIO, password: str | None, *, allow_hybrid: bool) -> Appender:
    reader = open_reader(file, allow_hybrid=allow_hybrid)
    writer = Appender(file, prev=reader)
    if reader.encrypted:
        # Without a password, the empty one: as the inspection does.
        result = writer.encrypt((password or "").encode())  # type: ignore[no-untyped-call]
        if result.status is AuthStatus.FAILED:
            raise DocumentRefused((ENCRYPTED if password is None else WRONG_PASSWORD,))
        if writer._need_mac_on_write:
            raise DocumentRefused((ENCRYPTED_MAC,))
    return writer
