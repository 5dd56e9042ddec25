"""How a visible signature looks: a picture, lines of text, or both, as one Form XObject.

The rules of Decree 30/2020 (Annex I) need just this: a transparent picture for a person or a seal, or
upright black text of 10 points, with no picture, for annexes and copies.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from pyhanko.pdf_utils.writer import BasePdfFileWriter

from signsvc.pades.errors import StampUnusable
from signsvc.pades.font import StampFont
from signsvc.pades.objects import RawObject, dictionary, name, stream
from signsvc.pades.picture import CAL_RGB, Picture, load_picture
from signsvc.pades.placement import Placement, Rectangle

MAX_TEXT = 1000
DEFAULT_SIZE = 10.0
MIN_SIZE = 4.0
_SIZE_STEP = 0.5
_LINE_HEIGHT = 1.15
_GAP = 4.0
_PICTURES_KEPT = 64


@dataclass(frozen=True, slots=True)
class VisibleSignature:
    """What shall be seen, and where.

    ``page``: from 1, or negative from the end; ``rect``: x1, y1, x2, y2 in points on the page as it is
    seen, origin bottom left; ``image``: PNG; ``text``: lines separated by newlines; ``font_size``: exact
    size in points, or None to take 10 and shrink it until the text fits.
    """

    page: int
    rect: Rectangle
    image: bytes = b""
    text: str = ""
    font_size: float | None = None


class Appearances:
    """Draws appearances with one font, keeping pictures it has seen ready. Thread-safe."""

    def __init__(self, font: StampFont) -> None:
        self._font = font
        self._pictures: OrderedDict[tuple[bytes, bool], Picture] = OrderedDict()
        self._lock = Lock()

    def draw(
        self,
        writer: BasePdfFileWriter,
        visible: VisibleSignature,
        placement: Placement,
        *,
        flatten: bool = False,
    ) -> Any:
        """Add the appearance stream to a document and return its reference. Raises StampUnusable."""
        width, height = placement.size
        content: list[str] = []
        resources: dict[str, Any] = {}
        text_left = 0.0
        if visible.image:
            picture = self._picture(visible.image, flatten=flatten)
            area = (width, height)
            if visible.text:
                area = (min(width * 0.4, height * picture.width / picture.height), height)
                text_left = area[0] + _GAP
            content.append(_draw_picture(picture, area))
            resources["/XObject"] = dictionary({"/Im": picture.add_to(writer)})
        if visible.text:
            content.append(self._draw_text(visible, text_left, width - text_left, height))
            resources["/Font"] = dictionary({"/F": self._font.add_to(writer)})
            resources["/ColorSpace"] = dictionary({"/C": RawObject(CAL_RGB)})
        entries = {
            "/Type": name("/XObject"),
            "/Subtype": name("/Form"),
            "/BBox": RawObject(f"[0 0 {width:.3f} {height:.3f}]".encode()),
            "/Matrix": RawObject("[{} {} {} {} 0 0]".format(*placement.matrix).encode()),
            "/Resources": dictionary(resources),
        }
        return writer.add_object(stream(entries, "\n".join(content).encode()))

    def _picture(self, png: bytes, *, flatten: bool) -> Picture:
        key = (hashlib.sha256(png).digest(), flatten)
        with self._lock:
            if picture := self._pictures.get(key):
                self._pictures.move_to_end(key)
                return picture
        picture = load_picture(png, flatten=flatten)
        with self._lock:
            self._pictures[key] = picture
            while len(self._pictures) > _PICTURES_KEPT:
                self._pictures.popitem(last=False)
        return picture

    def _draw_text(self, visible: VisibleSignature, left: float, width: float, height: float) -> str:
        if len(visible.text) > MAX_TEXT:
            raise StampUnusable(
                f"Nội dung dấu hiển thị dài quá {MAX_TEXT} ký tự.", f"The text exceeds {MAX_TEXT} characters."
            )
        lines, size = self._fit(visible.text, width, height, visible.font_size)
        top = height - self._font.ascent * size / 1000
        parts = ["/C cs 0 0 0 sc BT", f"/F {size:g} Tf {size * _LINE_HEIGHT:.3f} TL {left:.3f} {top:.3f} Td"]
        for line in lines:
            codes = "".join(f"{glyph:04X}" for glyph in self._font.glyph_ids(line))
            parts.append(f"<{codes}> Tj T*")
        parts.append("ET")
        return "\n".join(parts)

    def _fit(self, text: str, width: float, height: float, exact: float | None) -> tuple[list[str], float]:
        size = exact or DEFAULT_SIZE
        while size >= (exact or MIN_SIZE):
            lines = self._wrap(text, width, size)
            if lines and len(lines) * size * _LINE_HEIGHT <= height + 0.01:
                return lines, size
            size -= _SIZE_STEP
        raise StampUnusable(
            "Nội dung dấu hiển thị không vừa khung; hãy dùng khung lớn hơn hoặc ít chữ hơn.",
            "The text does not fit into the rectangle; use a larger one, or fewer words.",
        )

    def _wrap(self, text: str, width: float, size: float) -> list[str]:
        """Lines no wider than ``width``; empty when a word alone is wider."""
        lines: list[str] = []
        for paragraph in text.splitlines():
            line = ""
            for word in paragraph.split():
                longer = f"{line} {word}" if line else word
                if line and self._font.width(longer, size) > width:
                    lines.append(line)
                    longer = word
                if self._font.width(longer, size) > width:
                    return []
                line = longer
            lines.append(line)
        return lines


def draw_nothing(writer: BasePdfFileWriter) -> Any:
    """Add an appearance that shows nothing and return its reference.

    PDF/A-1 wants an appearance for every field, be it invisible (ISO 19005-1 §6.9); later parts do not.
    """
    entries = {
        "/Type": name("/XObject"),
        "/Subtype": name("/Form"),
        "/BBox": RawObject(b"[0 0 0 0]"),
        "/Resources": dictionary({}),
    }
    return writer.add_object(stream(entries, b""))


def _draw_picture(picture: Picture, area: tuple[float, float]) -> str:
    scale = min(area[0] / picture.width, area[1] / picture.height)
    width, height = picture.width * scale, picture.height * scale
    left, bottom = (area[0] - width) / 2, (area[1] - height) / 2
    return f"q {width:.3f} 0 0 {height:.3f} {left:.3f} {bottom:.3f} cm /Im Do Q"
