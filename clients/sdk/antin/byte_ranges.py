"""The byte ranges that the signatures of a PDF cover (ISO 32000-2 §12.8.1), found without a PDF library.

Each range found is hashed, and compared with a digest that a receipt proves: a ByteRange that
someone planted elsewhere in the file cannot hash to it.
"""

import hashlib
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from antin.errors import FileError

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,15})\s+(\d{1,15})\s+(\d{1,15})\s+(\d{1,15})\s*\]")
_CHUNK = 1024 * 1024
MAX_RANGES = 200

Range = tuple[int, int, int, int]


def find_range(file: Path | bytes, digest: bytes) -> Range | None:
    """The ByteRange whose bytes have this SHA-256, newest first; None when there is none."""
    if isinstance(file, bytes):
        return _find(file, digest)
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return _find(mapped, digest)
    except (OSError, ValueError) as error:
        raise FileError(
            f"Không đọc được {file}, hoặc tệp rỗng.", f"Cannot read {file}, or it is empty."
        ) from error


def _find(data: bytes | mmap.mmap, digest: bytes) -> Range | None:
    for covered in _ranges(data):
        if _sha256(data, covered) == digest:
            return covered
    return None


def _ranges(data: bytes | mmap.mmap) -> Iterator[Range]:
    found: list[Range] = []
    for match in _BYTE_RANGE.finditer(data):
        first, first_size, second, second_size = (int(number) for number in match.groups())
        # One hole only, and from the first byte on: else bytes before it are nobody's.
        if first == 0 and first_size < second and second + second_size <= len(data):
            found.append((first, first_size, second, second_size))
    yield from reversed(found[-MAX_RANGES:])


def _sha256(data: bytes | mmap.mmap, covered: Range) -> bytes:
    digest = hashlib.sha256()
    for start, size in (covered[:2], covered[2:]):
        for at in range(start, start + size, _CHUNK):
            digest.update(data[at : min(at + _CHUNK, start + size)])
    return digest.digest()
