"""Find what acts, reaches out or hides files: nothing of it may be under a signature.

Names are compared after qpdf decoded them (/J#53 is /JS). A quick look at each object's serialised form
picks the few that are then read entry by entry.
"""

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from signsvc.pades.findings import Finding
from signsvc.pades.inspect_pages import PageMap

_ACTIONS = {
    "/JavaScript": ("javascript", "có mã JavaScript", "it contains JavaScript"),
    "/Launch": ("launch", "có lệnh chạy chương trình", "it contains an action that starts a program"),
    "/SubmitForm": ("submit-form", "có lệnh gửi dữ liệu đi", "it contains an action that sends data away"),
    "/ImportData": (
        "import-data",
        "có lệnh nạp dữ liệu từ tệp khác",
        "it contains an action that imports data",
    ),
    "/GoToR": ("remote-goto", "có liên kết mở tệp khác", "it contains a link that opens another file"),
    "/GoToE": ("embedded-goto", "có liên kết mở tệp nhúng", "it contains a link that opens an embedded file"),
    "/Rendition": ("rich-media", "có nội dung đa phương tiện", "it contains multimedia"),
    "/Movie": ("rich-media", "có nội dung đa phương tiện", "it contains multimedia"),
    "/Sound": ("rich-media", "có nội dung đa phương tiện", "it contains multimedia"),
    "/RichMediaExecute": ("rich-media", "có nội dung đa phương tiện", "it contains multimedia"),
    "/GoTo3DView": ("rich-media", "có nội dung đa phương tiện", "it contains multimedia"),
    "/SetOCGState": (
        "layer-switch",
        "có lệnh ẩn hiện lớp nội dung",
        "it contains an action that switches layers",
    ),
    "/Hide": ("hide", "có lệnh ẩn hiện nội dung", "it contains an action that hides content"),
}
_SUBTYPES = {
    "/RichMedia": _ACTIONS["/Rendition"],
    "/Screen": _ACTIONS["/Rendition"],
    "/Movie": _ACTIONS["/Rendition"],
    "/Sound": _ACTIONS["/Rendition"],
    "/3D": _ACTIONS["/Rendition"],
    "/PS": ("postscript", "có mã PostScript", "it contains PostScript"),
}
_EMBEDDED = ("embedded-file", "có tệp nhúng bên trong", "it has files embedded")
_AUTOMATIC = ("additional-action", "có lệnh tự chạy", "it contains actions that start by themselves")
_OPEN_ACTION = ("open-action", "có lệnh tự chạy khi mở tệp", "it contains an action that starts on opening")
_XFA = ("xfa", "có biểu mẫu XFA", "it contains an XFA form")
_EXTERNAL = ("external-stream", "lấy nội dung từ tệp bên ngoài", "it takes content from an external file")
_REFERENCE = ("reference-xobject", "hiển thị trang của tệp khác", "it shows a page of another file")
_SUSPECT = re.compile(
    rb"/(?:JS|JavaScript|AA|OpenAction|XFA|EF|AF|EmbeddedFiles|Collection|FileAttachment|F|FFilter|Ref|Launch"
    rb"|SubmitForm|ImportData|GoToR|GoToE|Rendition|RichMedia|RichMediaExecute|Movie|Sound|Screen|3D|GoTo3DView"
    rb"|SetOCGState|Hide|PS)[\s/<>\[\]()]"
    # What says the kind may stand elsewhere: "/S 5 0 R", with "/Hide" as the whole of object 5.
    rb"|/(?:S|Subtype)\s+\d+\s+\d+\s+R"
)
_MAX_DEPTH = 100
_Kind = tuple[str, str, str]


def find_active_content(pdf: pikepdf.Pdf, pages: PageMap, *, embedding: bool) -> list[Finding]:
    """One finding for each kind on each page. ``embedding``: embedded files are allowed (PDF/A-3)."""
    found: dict[tuple[str, int | None], Finding] = {}
    for thing in pdf.objects:
        for kind in _kinds_in(thing):
            if embedding and kind is _EMBEDDED:
                continue
            code, message, message_en = kind
            page = pages.page_of(thing)
            found.setdefault(
                (code, page), Finding(code, "refuse", f"tài liệu {message}.", f"{message_en}.", page=page)
            )
    return list(found.values())


def _kinds_in(thing: Any) -> Iterator[_Kind]:
    if isinstance(thing, pikepdf.Stream):
        if _SUSPECT.search(_as_dictionary(thing).unparse() + b" "):
            yield from _kinds_of_stream(thing)
            yield from _walk(_as_dictionary(thing), 0)
    elif isinstance(thing, (pikepdf.Dictionary, pikepdf.Array)) and _SUSPECT.search(
        thing.unparse(resolved=True) + b" "
    ):
        yield from _walk(thing, 0)


def _as_dictionary(stream: Any) -> Any:
    return stream.stream_dict


def _kinds_of_stream(stream: Any) -> Iterator[_Kind]:
    if "/F" in stream or "/FFilter" in stream:
        yield _EXTERNAL
    if "/Ref" in stream and stream.get("/Subtype") == "/Form":
        yield _REFERENCE


def _walk(thing: Any, depth: int) -> Iterator[_Kind]:
    if depth > _MAX_DEPTH:
        raise ValueError("direct objects are nested too deep")
    if isinstance(thing, pikepdf.Dictionary):
        yield from _kinds_of_dictionary(thing)
        values = list(thing.values())
    else:
        values = list(thing)
    for value in values:
        # What is indirect is met by itself.
        if isinstance(value, (pikepdf.Dictionary, pikepdf.Array)) and not value.is_indirect:
            yield from _walk(value, depth + 1)


def _kinds_of_dictionary(holder: Any) -> Iterator[_Kind]:
    keys = set(holder.keys())
    action = holder.get("/S")
    if isinstance(action, pikepdf.Name) and str(action) in _ACTIONS:
        yield _ACTIONS[str(action)]
    subtype = holder.get("/Subtype")
    if isinstance(subtype, pikepdf.Name):
        if str(subtype) in _SUBTYPES:
            yield _SUBTYPES[str(subtype)]
        if subtype == "/FileAttachment":
            yield _EMBEDDED
    if keys & {"/JS", "/JavaScript"}:
        yield _ACTIONS["/JavaScript"]
    if "/AA" in keys:
        yield _AUTOMATIC
    if "/XFA" in keys:
        yield _XFA
    if keys & {"/EF", "/EmbeddedFiles", "/Collection"}:
        yield _EMBEDDED
    opening = holder.get("/OpenAction")
    # A destination, written as an array or as a GoTo, only says which page is shown first.
    if isinstance(opening, pikepdf.Dictionary) and opening.get("/S") != "/GoTo":
        yield _OPEN_ACTION
