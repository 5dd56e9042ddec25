"""Find objects that are defined twice in one revision: two readers may each show another one.

The "hide and replace" attack puts a second definition where no cross-reference points, for a later
revision, or a repairing reader, to pick up.
"""

import mmap
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from signsvc.pades.findings import Finding

_HEADER = re.compile(rb"(?:^|[^0-9])([0-9]{1,10})[\x00\t\n\x0c\r ]+[0-9]{1,5}[\x00\t\n\x0c\r ]+$")
_BEFORE = 48
_REGULAR = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.#")


def find_collisions(path: Path, reader: PdfFileReader) -> list[Finding]:
    """At most one finding, which lists the object numbers for the log."""
    if path.stat().st_size == 0:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        ends = _revision_ends(data, reader)
        places: dict[tuple[int, int], list[int]] = defaultdict(list)
        for position, number in _definitions(data):
            places[(bisect_left(ends, position), number)].append(position)
        doubtful = {key: found for key, found in places.items() if len(found) > 1}
        streams = _Streams(data, reader) if doubtful else None
        colliding = sorted(
            number
            for (_, number), found in doubtful.items()
            if streams is not None and sum(not streams.covers(position) for position in found) > 1
        )
    if not colliding:
        return []
    return [
        Finding(
            "colliding-objects",
            "refuse",
            "tài liệu định nghĩa một đối tượng hai lần; các phần mềm có thể hiển thị khác nhau.",
            "it defines an object twice; programs may show different contents.",
            detail=", ".join(map(str, colliding[:20])),
        )
    ]


def _definitions(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where "n g obj" stands, anywhere in the file, and n."""
    position = data.find(b"obj")
    while position != -1:
        # Looking back from the rare word is far faster than looking for numbers.
        after = data[position + 3 : position + 4]
        match = _HEADER.search(data[max(0, position - _BEFORE) : position])
        if match is not None and (not after or after[0] not in _REGULAR):
            yield position, int(match[1])
        position = data.find(b"obj", position + 3)


def _revision_ends(data: mmap.mmap, reader: PdfFileReader) -> list[int]:
    """Where each revision but the last ends.

    Only sections that lie before all later ones end a revision: the two sections of a linearised file
    belong to one. A stray %%EOF ends nothing.
    """
    ends: list[int] = []
    lowest_later: int | None = None
    for revision in reversed(range(reader.xrefs.total_revisions)):
        section = reader.xrefs.get_xref_container_info(revision)
        if lowest_later is not None and section.end_location <= lowest_later:
            marker = data.find(b"%%EOF", section.end_location, lowest_later)
            ends.append(marker if marker != -1 else section.end_location)
        start = section.start_location
        lowest_later = start if lowest_later is None else min(lowest_later, start)
    return sorted(ends)


class _Streams:
    """Says whether a place lies inside a real stream, where "1 0 obj" is only text."""

    def __init__(self, data: mmap.mmap, reader: PdfFileReader) -> None:
        self._data = data
        self._reader = reader
        self._extents: dict[int, tuple[int, int]] = {}
        self._owners = {
            offset: (number, generation, revision)
            for revision in range(reader.xrefs.total_revisions)
            for number, (generation, offset) in reader.xrefs.get_xref_data(revision).standard_xrefs.items()
        }
        self._offsets = sorted(self._owners)

    def covers(self, position: int) -> bool:
        """Is it inside of a stream that a cross-reference section points to?"""
        index = bisect_right(self._offsets, position) - 1
        if index < 0:
            return False
        start, end = self._extent(self._offsets[index])
        return start <= position < end

    def _extent(self, offset: int) -> tuple[int, int]:
        if offset not in self._extents:
            self._extents[offset] = self._measure(offset)
        return self._extents[offset]

    def _measure(self, offset: int) -> tuple[int, int]:
        number, generation, revision = self._owners[offset]
        reference = generic.Reference(number, generation, self._reader)
        found: Any = self._reader.get_object(  # type: ignore[no-untyped-call]
            reference, revision=revision, transparent_decrypt=False
        )
        raw = getattr(found, "raw_object", found)
        if not isinstance(raw, generic.StreamObject):
            return (0, 0)
        encoded = raw.encoded_data
        start = self._data.find(encoded, offset)
        return (start, start + len(encoded)) if start != -1 else (0, 0)
