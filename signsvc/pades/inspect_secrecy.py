"""Look on page 1 for a mark of secrecy, in its text and in the text of its annotations.

What is only a picture, as on a scan without a text layer, cannot be seen here.
"""

import unicodedata
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from signsvc.pades.findings import Finding
from signsvc.pades.secrecy import SECRET, bears_mark, pieces_of

_MAX_CHARACTERS = 50_000
# Before any place is looked at: without these letters there is no mark.
_TRACES = ("MẬT", "MËT", "MAÄT")
_Character = tuple[str, float, float, float, float]


def find_secret_mark(path: Path, password: str | None) -> list[Finding]:
    """At most one finding. Raises pdfium.PdfiumError when PDFium cannot open what qpdf could."""
    document = pdfium.PdfDocument(path, password=password or None)
    try:
        page = document[0]
        # Annotations become content: a stamp is one of them as often as not.
        pdfium_c.FPDFPage_Flatten(page.raw, pdfium_c.FLAT_NORMALDISPLAY)
        page.close()
        page = document[0]
        return [SECRET] if _bears_mark(page) else []
    finally:
        document.close()


def _bears_mark(page: Any) -> bool:
    text = page.get_textpage()
    count = min(text.count_chars(), _MAX_CHARACTERS)
    written = unicodedata.normalize("NFC", text.get_text_range(0, count)).upper()
    if not any(trace in "".join(written.split()) for trace in _TRACES):
        return False
    left, bottom, right, top = page.get_bbox()
    width, height = max(right - left, 1.0), max(top - bottom, 1.0)
    characters: list[_Character] = []
    for index in range(count):
        letter = text.get_text_range(index, 1)
        if letter and unicodedata.combining(letter[0]) and characters:
            characters[-1] = (characters[-1][0] + letter, *characters[-1][1:])
        elif letter.strip():
            x1, y1, x2, y2 = text.get_charbox(index, loose=True)
            box = ((x1 - left) / width, (y1 - bottom) / height, (x2 - left) / width, (y2 - bottom) / height)
            characters.append((letter, *box))
    # As it is drawn, and as a turned page is seen.
    return any(bears_mark(pieces_of(_turned(characters, turn))) for turn in {0, page.get_rotation() % 360})


def _turned(characters: list[_Character], turn: int) -> list[_Character]:
    """Turned clockwise by so many degrees, in shares of the page."""
    match turn:
        case 90:
            return [(c, y1, 1 - x2, y2, 1 - x1) for c, x1, y1, x2, y2 in characters]
        case 180:
            return [(c, 1 - x2, 1 - y2, 1 - x1, 1 - y1) for c, x1, y1, x2, y2 in characters]
        case 270:
            return [(c, 1 - y2, x1, 1 - y1, x2) for c, x1, y1, x2, y2 in characters]
        case _:
            return characters
