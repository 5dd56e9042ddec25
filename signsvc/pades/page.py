"""What of a page and of the document's profile matters to a visible signature."""

import re
from typing import Any

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.rw_common import PdfHandler

from signsvc.pades.objects import entry
from signsvc.pades.placement import PageView, Rectangle

_A4 = (0.0, 0.0, 595.276, 841.89)
_MAX_DEPTH = 64
_ASSIGNED = rb"(?:\s*=\s*[\"']|(?:\s[^>]*)?>)\s*"
_PDFA = re.compile(rb"pdfaid:part" + _ASSIGNED + rb"(\d)")
_CONFORMANCE = re.compile(rb"pdfaid:conformance" + _ASSIGNED + rb"([A-Za-z]+)")


def view_page(handler: PdfHandler, index: int) -> PageView:
    """How the page of this index (from 0) is seen, with what it inherits (ISO 32000-1 §7.7.3.4)."""
    page: Any = handler.find_page_for_modification(index)[0].get_object()  # type: ignore[no-untyped-call]
    media = _rectangle(_inherited(page, "/MediaBox")) or _A4
    crop = _rectangle(_inherited(page, "/CropBox")) or media
    # What lies outside of the media box is not seen (ISO 32000-1 §14.11.2).
    seen = (
        max(crop[0], media[0]),
        max(crop[1], media[1]),
        min(crop[2], media[2]),
        min(crop[3], media[3]),
    )
    rotate = _inherited(page, "/Rotate")
    unit = entry(page, "/UserUnit", 1)
    return PageView(
        crop=seen if seen[0] < seen[2] and seen[1] < seen[3] else media,
        rotate=int(rotate) // 90 % 4 * 90 if rotate is not None else 0,
        user_unit=float(unit) if float(unit) > 0 else 1.0,
    )


def read_pdfa(xmp: bytes) -> str:
    """The PDF/A part and conformance that XMP claims, as "2B"; empty if none."""
    part = _PDFA.search(xmp)
    if part is None:
        return ""
    conformance = _CONFORMANCE.search(xmp)
    return (part[1] + (conformance[1] if conformance else b"")).decode().upper()


def is_pdfa_1(handler: PdfHandler) -> bool:
    """Does the document say of itself that it is PDF/A-1, which knows no transparency?"""
    metadata = entry(handler.root, "/Metadata")
    return metadata is not None and read_pdfa(metadata.data).startswith("1")


def _inherited(page: Any, key: str) -> Any:
    node = page
    for _ in range(_MAX_DEPTH):
        if key in node:
            return node[key]
        if "/Parent" not in node:
            return None
        node = node["/Parent"]
    raise PdfError("The page tree is too deep")


def _rectangle(value: Any) -> Rectangle | None:
    if value is None or len(value) != 4:
        return None
    a, b, c, d = (float(side) for side in value)
    return (min(a, c), min(b, d), max(a, c), max(b, d))
