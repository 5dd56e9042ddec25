"""Find streams that would blow up, by measuring them without ever holding what they decode to."""

import zlib
from typing import Any

import pikepdf

from signsvc.pades.findings import Finding
from signsvc.pades.inspect_pages import PageMap

_STEP = 1024 * 1024
_MAX_FILTERS = 3
_DENSE = {"/LZWDecode", "/RunLengthDecode"}
_MAX_DENSE_INPUT = 4 * 1024 * 1024


def find_bombs(pdf: pikepdf.Pdf, pages: PageMap, limits: dict[str, Any]) -> list[Finding]:
    """At most one finding: a document with one bomb is not read further."""
    left = int(limits["max_decoded_bytes"])
    metadata = pdf.Root.get("/Metadata")
    for thing in pdf.objects:
        if not isinstance(thing, pikepdf.Stream):
            continue
        filters = _filters(thing)
        if len(filters) > _MAX_FILTERS:
            return [_bomb(pages.page_of(thing), "stacked filters")]
        if thing.get("/Subtype") == "/Image" and not _is_decoded(thing, metadata):
            if _pixels(thing) > limits["max_pixels"]:
                return [_bomb(pages.page_of(thing), "too many pixels")]
            continue
        raw = thing.read_raw_bytes()
        if _DENSE & set(filters) and len(raw) > _MAX_DENSE_INPUT:
            return [_bomb(pages.page_of(thing), "a long stream in an old compression")]
        if filters.count("/FlateDecode") > 1:
            return [_bomb(pages.page_of(thing), "compressed twice")]
        if filters[:1] == ["/FlateDecode"]:
            size = _inflated_size(raw, min(left, limits["max_stream_bytes"]))
            left -= size
            if left < 0 or size > limits["max_stream_bytes"]:
                return [_bomb(pages.page_of(thing), "decodes to too much")]
    return []


def _is_decoded(stream: Any, metadata: Any) -> bool:
    """Is it decoded by readers of structure, whatever else it says it is?"""
    described = isinstance(metadata, pikepdf.Stream) and stream.objgen == metadata.objgen
    return described or stream.get("/Type") in ("/ObjStm", "/XRef")


def _inflated_size(raw: bytes, limit: int) -> int:
    """How much a zlib stream decodes to; counting stops behind ``limit``."""
    machine = zlib.decompressobj()
    total, rest = 0, raw
    try:
        while rest and not machine.eof and total <= limit:
            total += len(machine.decompress(rest, _STEP))
            rest = machine.unconsumed_tail
    except zlib.error:
        # What is broken here shows when the stream is used; it decodes to no more than was counted.
        return total
    return total


def _filters(stream: Any) -> list[str]:
    value = stream.get("/Filter")
    if isinstance(value, pikepdf.Array):
        return [str(item) for item in value]
    return [str(value)] if isinstance(value, pikepdf.Name) else []


def _pixels(image: Any) -> int:
    return int(image.get("/Width", 0)) * int(image.get("/Height", 0))


def _bomb(page: int | None, detail: str) -> Finding:
    return Finding(
        "bomb",
        "refuse",
        "tài liệu bung ra quá lớn khi giải nén.",
        "it decompresses to far too much.",
        page=page,
        detail=detail,
    )
