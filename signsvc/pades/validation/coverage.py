"""What a signature covers: its ByteRange against the bytes of the file (ISO 32000-2 §12.8.1)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO

from asn1crypto import parser
from pyhanko.pdf_utils import generic
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signsvc.pades.validation.reasons import reason
from signsvc.pades.validation.verdict import Reason

_HEX = frozenset(b"0123456789abcdefABCDEF")
_BEFORE = 64
_TAIL = 64 * 1024


@dataclass(frozen=True, slots=True)
class Extent:
    """Covered is all of [0, end) but [gap_start, gap_end)."""

    gap_start: int
    gap_end: int
    end: int


class RangeWrong(Exception):
    """Carries the fault in two languages."""

    def __init__(self, fault: str, fault_en: str) -> None:
        super().__init__(fault_en)
        self.fault = fault
        self.fault_en = fault_en

    @property
    def reason(self) -> Reason:
        """As a reason."""
        return reason("byte-range", {"fault": self.fault_en}, fault=self.fault)


def read_extent(byte_range: Any, contents: bytes, stream: BinaryIO) -> Extent:
    """The extent that the ByteRange gives, once it is shown to leave out the signature value alone.

    ``contents``: /Contents as the dictionary has it. Raises RangeWrong.
    """
    extent = _numbers(byte_range, stream.seek(0, os.SEEK_END))
    _check_gap(extent, contents, stream)
    return extent


def _numbers(byte_range: Any, size: int) -> Extent:
    if not isinstance(byte_range, generic.ArrayObject) or len(byte_range) != 4:
        raise RangeWrong("phải có đúng bốn số", "it must be four numbers")
    if not all(isinstance(number, generic.NumberObject) and number >= 0 for number in byte_range):
        raise RangeWrong("phải là bốn số nguyên không âm", "it must be four whole numbers, none negative")
    start, first, second, last = (int(number) for number in byte_range)
    if start != 0:
        raise RangeWrong("không bắt đầu từ đầu tệp", "it does not start at the beginning of the file")
    if second < first:
        raise RangeWrong("hai phần chồng lên nhau", "its two parts overlap")
    if second + last > size:
        raise RangeWrong("vượt quá cuối tệp", "it goes beyond the end of the file")
    return Extent(first, second, second + last)


def _check_gap(extent: Extent, contents: bytes, stream: BinaryIO) -> None:
    """The gap is the hexadecimal string of /Contents, all of it and nothing else."""
    length = extent.gap_end - extent.gap_start
    if length != 2 * len(contents) + 2:
        raise RangeWrong(
            "khoảng trống không khớp với /Contents", "the gap is not as long as the string of /Contents"
        )
    before = max(0, extent.gap_start - _BEFORE)
    stream.seek(before)
    if not stream.read(extent.gap_start - before).rstrip(b" \r\n\t").endswith(b"/Contents"):
        raise RangeWrong("khoảng trống không nằm ở /Contents", "the gap does not lie at /Contents")
    gap = stream.read(length)
    digits = gap[1:-1]
    if gap[:1] != b"<" or gap[-1:] != b">" or not _HEX.issuperset(digits):
        raise RangeWrong(
            "khoảng trống không phải là chuỗi thập lục phân", "the gap is not a hexadecimal string"
        )
    if bytes.fromhex(digits.decode("ascii")) != contents:
        raise RangeWrong(
            "khoảng trống chứa chữ ký khác với /Contents", "the gap holds another value than /Contents"
        )


def check_tail(stream: BinaryIO) -> Reason | None:
    """Behind the last %%EOF there may be white space only.

    Objects there belong to no revision: a strict reader passes over them, a forgiving one repairs the file
    and shows them (an incremental saving attack without a cross-reference table).
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _TAIL))
    _, marker, rest = stream.read(_TAIL).rpartition(b"%%EOF")
    return None if marker and not rest.strip(b"\r\n\t\f \x00") else reason("trailing-data")


def check_padding(contents: bytes) -> Reason | None:
    """Behind the CMS there may be zeros only: the padding is not signed, and must not carry anything."""
    try:
        length = parser.peek(contents)
        inside = parser.parse(contents[:length], strict=True)[4]
        # ContentInfo is two elements; a length that takes in some of the padding makes it more.
        kind = parser.peek(inside)
        whole = kind + parser.peek(inside[kind:]) == len(inside)
    except ValueError:
        return reason("signature-unreadable")
    return None if whole and not any(contents[length:]) else reason("padding")


def check_revision(signature: EmbeddedPdfSignature) -> Reason | None:
    """The signature covers the revision that holds it to its end, cross-reference table and all."""
    level = signature.evaluate_signature_coverage()
    if level >= SignatureCoverageLevel.ENTIRE_REVISION:
        return None
    return reason("not-whole-revision")


def overlapping(extents: Sequence[Extent | None]) -> set[int]:
    """Which signatures have ranges that do not lie one behind, and within, the other."""
    known = sorted(
        ((extent, index) for index, extent in enumerate(extents) if extent is not None),
        key=lambda entry: (entry[0].end, entry[0].gap_start),
    )
    wrong: set[int] = set()
    for (earlier, first), (later, second) in pairwise(known):
        # A later signature covers all of the earlier one, value included: its gap starts behind that.
        if later.gap_start < earlier.end:
            wrong |= {first, second}
    return wrong
