"""The pages of a document and which objects belong to which, so that a finding can name its page."""

from dataclasses import dataclass, field
from typing import Any

import pikepdf

from signsvc.pades.findings import Finding

ObjectId = tuple[int, int]
_MAX_DEPTH = 64
_MAX_SIDE = 14_400  # ISO 32000-1 Annex C.2, default user space units


@dataclass(slots=True)
class PageMap:
    """``pages``: page dictionaries in order; ``of_object``: page numbers (from 1) by object."""

    pages: list[Any] = field(default_factory=list)
    of_object: dict[ObjectId, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: bool = False

    @property
    def count(self) -> int:
        """How many pages there are."""
        return len(self.pages)

    def page_of(self, thing: Any) -> int | None:
        """The page an object was first met on."""
        return self.of_object.get(thing.objgen) if thing.is_indirect else None


def map_pages(pdf: pikepdf.Pdf, max_pages: int) -> PageMap:
    """Walk the page tree as it is written, refusing loops, and note what hangs on each page."""
    found = PageMap()
    root = pdf.Root.get("/Pages")
    if not isinstance(root, pikepdf.Dictionary):
        _break(found, "page-tree", "cây trang bị hỏng.", "its page tree is broken.")
        return found
    _walk(root, found, set(), 0, max_pages)
    if not found.broken and not found.pages:
        _break(found, "no-pages", "tài liệu không có trang nào.", "it has no pages.")
    for number, page in enumerate(found.pages, 1):
        _note(found, page, number)
    return found


def _walk(node: Any, found: PageMap, seen: set[ObjectId], depth: int, max_pages: int) -> None:
    before = len(found.pages)
    if found.broken:
        return
    if depth > _MAX_DEPTH or node.objgen in seen or not node.is_indirect:
        _break(
            found,
            "page-tree-loop",
            "cây trang lặp vòng hoặc dùng lại một trang.",
            "its page tree loops or uses a page twice.",
        )
        return
    seen.add(node.objgen)
    kids = node.get("/Kids")
    if kids is None:
        found.pages.append(node)
        if len(found.pages) > max_pages:
            _break(
                found,
                "too-many-pages",
                f"tài liệu có hơn {max_pages} trang.",
                f"it has more than {max_pages} pages.",
            )
        return
    for kid in kids:
        if not isinstance(kid, pikepdf.Dictionary):
            _break(found, "page-tree", "cây trang bị hỏng.", "its page tree is broken.")
            return
        _walk(kid, found, seen, depth + 1, max_pages)
    # Readers that find a page by the counts must find the one that walkers find.
    count = node.get("/Count")
    if not isinstance(count, int) or count != len(found.pages) - before:
        _break(
            found,
            "page-count",
            "cây trang đếm sai số trang; các phần mềm có thể hiển thị trang khác nhau.",
            "its page tree counts its pages wrongly; programs may show different pages.",
        )


def _note(found: PageMap, page: Any, number: int) -> None:
    things = [page, *_values(page.get("/Annots")), *_values(page.get("/Contents")), page.get("/Contents")]
    resources = page.get("/Resources")
    if isinstance(resources, pikepdf.Dictionary):
        for key in ("/Font", "/XObject"):
            group = resources.get(key)
            if isinstance(group, pikepdf.Dictionary):
                things += list(group.values())
    for annotation in _values(page.get("/Annots")):
        if isinstance(annotation, pikepdf.Dictionary):
            things += [annotation.get(key) for key in ("/A", "/AA", "/AP", "/Parent", "/FS")]
    for thing in things:
        if isinstance(thing, pikepdf.Object) and thing.is_indirect:
            found.of_object.setdefault(thing.objgen, number)
    box = page.get("/MediaBox")
    if isinstance(box, pikepdf.Array) and len(box) == 4:
        unit = float(page.get("/UserUnit", 1))
        sides = (abs(float(box[2]) - float(box[0])), abs(float(box[3]) - float(box[1])))
        if max(sides) > _MAX_SIDE or unit * max(sides) > 10 * _MAX_SIDE:
            found.findings.append(
                Finding("page-size", "refuse", "khổ trang quá lớn.", "the page is too large.", page=number)
            )


def _values(value: Any) -> list[Any]:
    return list(value) if isinstance(value, pikepdf.Array) else []


def _break(found: PageMap, code: str, message: str, message_en: str) -> None:
    # The first fault is told: what follows from it is none.
    if found.broken:
        return
    found.broken = True
    found.findings.append(Finding(code, "refuse", message, message_en))
