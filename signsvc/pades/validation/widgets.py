"""Where fields appear: pages, rectangles, and what signed text lies below."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pypdfium2
from pyhanko.pdf_utils import generic

from signsvc.pades.objects import entry

MAX_PAGES = 20_000
MAX_DEPTH = 64

Rect = tuple[float, float, float, float]
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Widget:
    """One widget. ``page`` counts from 1; ``draws``: it has an appearance that is not empty."""

    page: int | None
    rect: Rect
    draws: bool


class Pages:
    """The page tree of a document or of one of its revisions; it is walked when a place is asked for."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    @property
    def count(self) -> int | None:
        """How many pages the document says it has."""
        said = entry(self._handler.root["/Pages"], "/Count")
        return int(said) if isinstance(said, int) and said >= 0 else None

    @cached_property
    def annotations(self) -> dict[Key, tuple[int, str]]:
        """Page and subtype of each annotation that is an object of its own."""
        found: dict[Key, tuple[int, str]] = {}
        for number, (page, _) in enumerate(self._walked, 1):
            for annotation in entry(page, "/Annots", ()):
                if isinstance(annotation, generic.IndirectObject):
                    found[annotation.idnum, annotation.generation] = (number, _subtype(annotation))
        return found

    @cached_property
    def _walked(self) -> list[tuple[Any, Key]]:
        return list(_walk(self._handler.root.raw_get("/Pages"), 0, set()))

    def widgets(self, field: Any) -> Iterator[Widget]:
        """The widgets of a field that have an area, hidden ones too: a later update may show them."""
        field = field.get_object()
        kids = entry(field, "/Kids")
        for raw in [field] if kids is None else kids:
            widget = raw.get_object()
            rect = read_rect(widget)
            if rect is not None:
                yield Widget(self._page_of(widget), rect, _draws(widget))

    def _page_of(self, widget: Any) -> int | None:
        # What a page lists is what is shown there; /P is only what the widget says.
        reference = getattr(widget, "container_ref", None)
        if reference is not None and (reference.idnum, reference.generation) in self.annotations:
            return self.annotations[reference.idnum, reference.generation][0]
        said = widget.get("/P")
        if not isinstance(said, generic.IndirectObject):
            return None
        numbers = [key for _, key in self._walked]
        key = (said.idnum, said.generation)
        return numbers.index(key) + 1 if key in numbers else None


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


def _walk(node: Any, depth: int, seen: set[int]) -> Iterator[tuple[Any, Key]]:
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


def _draws(widget: Any) -> bool:
    try:
        appearance = widget["/AP"]["/N"]
    except (KeyError, TypeError):
        return False
    if isinstance(appearance, generic.StreamObject):
        return bool(appearance.data.strip())
    return isinstance(appearance, generic.DictionaryObject) and len(appearance) > 0
