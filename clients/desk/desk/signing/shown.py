"""What is signed is what is shown: the prepared bytes, put together here and compared with their digest.

The signing service tells what it appended (``suffix``) and the gap where the signature will be. The digest
that is approved must be that of exactly these bytes: recomputed here, never taken from the service.
"""

import base64
import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import pypdfium2

from desk.errors import NotWhatWasShown

_ONE_AT_A_TIME = threading.Lock()  # PDFium is not thread-safe
SCALE = 1.6  # of 72 dots per inch


@dataclass(frozen=True, slots=True)
class Prepared:
    """``digest``: base64, as it stands in the act."""

    signature_id: str
    digest: str
    suffix: bytes
    gap: tuple[int, int]


def read_prepared(told: dict[str, Any], content: bytes) -> Prepared:
    """The service's answer, checked against the document as we sent it. Raises NotWhatWasShown."""
    prepared = Prepared(
        str(told["id"]),
        str(told["document_digest"]),
        base64.b64decode(told["suffix"]),
        (int(told["gap"][0]), int(told["gap"][1])),
    )
    check_shown(prepared, content)
    return prepared


def check_shown(prepared: Prepared, content: bytes) -> bytes:
    """The prepared bytes. Raises NotWhatWasShown when the digest is another's."""
    whole = content + prepared.suffix
    start, end = prepared.gap
    # The gap lies in what was appended: nothing of the document itself is left out of the digest.
    if not len(content) <= start < end <= len(whole):
        raise NotWhatWasShown("gap")
    digest = hashlib.sha256(whole[:start] + whole[end:]).digest()
    if base64.b64encode(digest).decode() != prepared.digest:
        raise NotWhatWasShown("digest")
    return whole


def draw_page(content: bytes, number: int) -> bytes:
    """Page ``number`` (from 1) as PNG, with annotations and form fields as a reader draws them.

    Raises IndexError when there is no such page.
    """
    with _ONE_AT_A_TIME:
        document = pypdfium2.PdfDocument(content)
        try:
            if not 1 <= number <= len(document):
                raise IndexError(number)
            document.init_forms()
            picture = document[number - 1].render(scale=SCALE, may_draw_forms=True).to_pil()
        finally:
            document.close()
    drawn = io.BytesIO()
    picture.save(drawn, "PNG")
    return drawn.getvalue()


class Kept:
    """The last documents that somebody looks through, so that each page does not fetch all of it again."""

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: str) -> bytes | None:
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: str, content: bytes) -> bytes:
        with self._lock:
            self._kept[key] = content
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return content
