"""Where fields appear: pages, rectangles, and what signed text lies below."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
from pyhanko.pdf_utils import generic

from signsvc.pades.objects import entry

MAX_PAGES = 20_000
MAX_DEPTH = 64
_HIDDEN = 0b10 | 0b100000  # Hidden, NoView (ISO 32000-2 Table 167)

Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Widget:
    """One visible widget. ``page`` counts from 1; ``draws``: it has an appearance that is not empty."""

    page: int | None
    rect: Rect
    draws: bool


class Pages:
    """The page tree of a document or of one of its revisions."""

    def __init__(self, handler: Any) -> None:
        self._annotations: dict[tuple[int, int], int] = {}
        self._pages: dict[tuple[int, int], int] = {}
        self._others: dict[tuple[int, int], str] = {}
        self.count = 0
        for page, reference in _walk(handler.root.raw_get("/Pages"), 0):
            self.count += 1
            self._pages[reference] = self.count
            for annotation in entry(page, "/Annots", ()):
                if not isinstance(annotation, generic.IndirectObject):
                    continue
                key = (annotation.idnum, annotation.generation)
                self._annotations[key] = self.count
                self._others[key] = _subtype(annotation)

    def annotations(self) -> dict[tuple[int, int], tuple[int, str]]:
        """By object: page and subtype."""
        return {key: (page, self._others[key]) for key, page in self._annotations.items()}

    def widgets(self, field: Any) -> Iterator[Widget]:
        """The widgets of a field that somebody could see."""
        field = field.get_object()
        kids = entry(field, "/Kids")
        for raw in [field] if kids is None else kids:
            widget = raw.get_object()
            rect = read_rect(widget)
            if rect is None or _flags(widget) & _HIDDEN:
                continue
            reference = getattr(widget, "container_ref", None)
            key = None if reference is None else (reference.idnum, reference.generation)
            yield Widget(self._page_of(key, widget), rect, _draws(widget))

    def _page_of(self, key: tuple[int, int] | None, widget: Any) -> int | None:
        # What a page lists is what is shown there; /P is only what the widget says.
        if key is not None and key in self._annotations:
            return self._annotations[key]
        try:
            said = widget.raw_get("/P")
        except KeyError:
            return None
        if not isinstance(said, generic.IndirectObject):
            return None
        return self._pages.get((said.idnum, said.generation))


def read_rect(widget: Any) -> Rect | None:
    """The rectangle, left bottom first; None when it has no area."""
    try:
        x1, y1, x2, y2 = (float(number.get_object()) for number in widget["/Rect"])
    except (KeyError, TypeError, ValueError):
        return None
    rect = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return rect if rect[0] < rect[2] and rect[1] < rect[3] else None


def covered(path: Path, page: int, rect: Rect) -> tuple[float, int]:
    """Which part of the page the rectangle covers (0 to 1), and how many letters of its text."""
    with pypdfium2.PdfDocument(path) as document:
        shown = document[page - 1]
        left, bottom, right, top = shown.get_bbox()
        inside = (max(rect[0], left), max(rect[1], bottom), min(rect[2], right), min(rect[3], top))
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            return 0.0, 0
        area = (inside[2] - inside[0]) * (inside[3] - inside[1])
        text = shown.get_textpage()
        letters = text.get_text_bounded(*inside).split()
        text.close()
        shown.close()
        return area / ((right - left) * (top - bottom)), sum(map(len, letters))


def _walk(node: Any, depth: int, seen: set[int] | None = None) -> Iterator[tuple[Any, tuple[int, int]]]:
    seen = set() if seen is None else seen
    reference = getattr(node, "reference", None)
    if reference is None or reference.idnum in seen or depth > MAX_DEPTH or len(seen) > MAX_PAGES:
        return
    seen.add(reference.idnum)
    value = node.get_object()
    if not isinstance(value, generic.DictionaryObject):
        return
    if "/Kids" in value:
        for kid in value["/Kids"]:
            yield from _walk(kid, depth + 1, seen)
    else:
        yield value, (reference.idnum, reference.generation)


def _subtype(annotation: Any) -> str:
    value = annotation.get_object()
    return str(entry(value, "/Subtype", "")) if isinstance(value, generic.DictionaryObject) else ""


def _flags(widget: Any) -> int:
    flags = entry(widget, "/F", 0)
    return int(flags) if isinstance(flags, int) else 0


def _draws(widget: Any) -> bool:
    try:
        appearance = widget["/AP"]["/N"]
    except (KeyError, TypeError):
        return False
    if isinstance(appearance, generic.StreamObject):
        return bool(appearance.data.strip())
    return isinstance(appearance, generic.DictionaryObject) and len(appearance) > 0
