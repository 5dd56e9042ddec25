"""What can make two readers see two things: shown to the signer, who decides."""

import re
from typing import Any

import pikepdf

from signsvc.pades.findings import Finding
from signsvc.pades.inspect_pages import PageMap

_COVERING_SHARE = 0.3
_CROPPED_SHARE = 0.9
_HARMLESS = {"/Link", "/Widget", "/Popup", "/TrapNet", "/PrinterMark"}
_INVISIBLE = re.compile(rb"(?:^|[\s\]>)])3\s+Tr\b")
_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")
_NEEDS_FILE = {"/Type1", "/MMType1", "/TrueType", "/CIDFontType0", "/CIDFontType2"}


def find_layout_problems(pdf: pikepdf.Pdf, pages: PageMap) -> list[Finding]:
    """Warnings, each with its page where it has one."""
    findings: list[Finding] = []
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and form.get("/NeedAppearances"):
        findings.append(
            _warn(
                "need-appearances",
                "phần mềm đọc tự vẽ lại các ô biểu mẫu, nên có thể hiển thị khác nhau.",
                "readers draw its form fields themselves, and may show them differently.",
            )
        )
    if _has_switched_layers(pdf.Root.get("/OCProperties")):
        findings.append(
            _warn(
                "hidden-layer",
                "có lớp nội dung bị ẩn, hoặc xem và in khác nhau.",
                "it has layers that are hidden, or differ between screen and print.",
            )
        )
    fonts: set[tuple[int, int]] = set()
    for number, page in enumerate(pages.pages, 1):
        findings += _page_problems(page, number)
        findings += _font_problems(page, number, fonts)
    return findings


def _has_switched_layers(properties: Any) -> bool:
    if not isinstance(properties, pikepdf.Dictionary):
        return False
    default: Any = properties.get("/D", {})
    if default.get("/OFF") or default.get("/AS") or default.get("/BaseState") == "/OFF":
        return True
    for group in properties.get("/OCGs", []):
        usage: Any = group.get("/Usage", {})
        view: Any = usage.get("/View", {})
        printing: Any = usage.get("/Print", {})
        shown, printed = view.get("/ViewState"), printing.get("/PrintState")
        if shown is not None and printed is not None and shown != printed:
            return True
    return False


def _page_problems(page: Any, number: int) -> list[Finding]:
    findings = []
    media, crop = _area(_inherited(page, "/MediaBox")), _area(_inherited(page, "/CropBox"))
    if crop and media and crop < media * _CROPPED_SHARE:
        findings.append(
            _warn(
                "cropped-page",
                "một phần trang bị cắt, không nhìn thấy.",
                "a part of the page is cropped away and not seen.",
                number,
            )
        )
    for annotation in page.get("/Annots", []):
        covers = (_area(annotation.get("/Rect")) or 0) > _COVERING_SHARE * (crop or media or 1)
        if covers and "/AP" in annotation and str(annotation.get("/Subtype")) not in _HARMLESS:
            findings.append(
                _warn(
                    "covering-annotation",
                    "một chú thích che phần lớn trang.",
                    "an annotation covers a large part of the page.",
                    number,
                )
            )
    if _has_invisible_text(page):
        findings.append(
            _warn(
                "invisible-text",
                "trang có chữ không nhìn thấy.",
                "the page has text that is not seen.",
                number,
            )
        )
    return findings


def _has_invisible_text(page: Any) -> bool:
    resources = page.get("/Resources", {})
    images: Any = resources.get("/XObject", {}) if isinstance(resources, pikepdf.Dictionary) else {}
    # A scan with recognised text behind the picture is as it should be.
    if any(
        image.get("/Subtype") == "/Image" for image in images.values() if isinstance(image, pikepdf.Stream)
    ):
        return False
    contents = page.get("/Contents")
    parts = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    return any(
        _INVISIBLE.search(part.read_bytes()) is not None for part in parts if isinstance(part, pikepdf.Stream)
    )


def _font_problems(page: Any, number: int, seen: set[tuple[int, int]]) -> list[Finding]:
    resources = _inherited(page, "/Resources")
    fonts = resources.get("/Font") if isinstance(resources, pikepdf.Dictionary) else None
    findings = []
    for font in fonts.values() if isinstance(fonts, pikepdf.Dictionary) else ():
        if not isinstance(font, pikepdf.Dictionary) or (font.is_indirect and font.objgen in seen):
            continue
        if font.is_indirect:
            seen.add(font.objgen)
        if not _is_embedded(font):
            findings.append(
                _warn(
                    "font-not-embedded",
                    "có phông chữ không nhúng; máy khác có thể hiển thị khác.",
                    "a font is not embedded; other machines may show the text differently.",
                    number,
                )
            )
            break
    return findings


def _is_embedded(font: Any) -> bool:
    if font.get("/Subtype") == "/Type0":
        return all(_is_embedded(descendant) for descendant in font.get("/DescendantFonts", []))
    if str(font.get("/Subtype")) not in _NEEDS_FILE:
        return True
    descriptor = font.get("/FontDescriptor")
    return isinstance(descriptor, pikepdf.Dictionary) and any(key in descriptor for key in _FONT_FILES)


def _inherited(page: Any, key: str) -> Any:
    node = page
    for _ in range(64):
        if key in node:
            return node[key]
        if "/Parent" not in node:
            return None
        node = node["/Parent"]
    return None


def _area(box: Any) -> float | None:
    if not isinstance(box, pikepdf.Array) or len(box) != 4:
        return None
    return abs((float(box[2]) - float(box[0])) * (float(box[3]) - float(box[1])))


def _warn(code: str, message: str, message_en: str, page: int | None = None) -> Finding:
    return Finding(code, "warn", message, message_en, page=page)
