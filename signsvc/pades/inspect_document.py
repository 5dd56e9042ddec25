"""Read a document strictly and say what is in it: the work of the bounded child process."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from signsvc.pades.findings import Finding
from signsvc.pades.inspect_active import find_active_content
from signsvc.pades.inspect_layout import find_layout_problems
from signsvc.pades.inspect_pages import map_pages
from signsvc.pades.inspect_secrecy import find_secret_mark
from signsvc.pades.inspect_signatures import find_signature_problems
from signsvc.pades.inspect_streams import find_bombs
from signsvc.pades.inspect_structure import find_collisions
from signsvc.pades.page import read_pdfa
from signsvc.pades.reading import (
    ENCRYPTED,
    ENCRYPTED_MAC,
    HYBRID,
    SIGNING_FORBIDDEN,
    WRONG_PASSWORD,
    open_reader,
    unreadable,
)

_HEADER_WITHIN = 1024
# A fault of every page need not be told of every page: answers and rows stay short.
_MOST_OF_A_KIND = 100


class _Refused(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def inspect_document(path: Path, password: str | None, limits: dict[str, Any]) -> dict[str, Any]:
    """A report as JSON-ready members of ``intake.IntakeReport``. ``limits``: those of InspectionLimits."""
    report: dict[str, Any] = {
        "size": path.stat().st_size,
        "pages": 0,
        "pdf_version": "",
        "pdfa": "",
        "signatures": 0,
        "signed": [],
        "encrypted": False,
        "hybrid": False,
    }
    findings: list[Finding] = []
    try:
        _inspect(path, password, limits, report, findings)
    except _Refused as refused:
        findings.append(refused.finding)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever a parser raises, this document can't be read
        findings.append(unreadable(type(error).__name__))
    report["findings"] = [finding.encode() for finding in _shortened(findings)]
    return report


def _shortened(findings: list[Finding]) -> Iterator[Finding]:
    told: Counter[str] = Counter()
    for finding in findings:
        told[finding.code] += 1
        if told[finding.code] <= _MOST_OF_A_KIND:
            yield finding
    left = sum(max(0, count - _MOST_OF_A_KIND) for count in told.values())
    if left:
        yield Finding(
            "more-findings",
            "warn",
            f"còn {left} chỗ khác như vậy.",
            f"there are {left} more places like these.",
        )


def _inspect(
    path: Path,
    password: str | None,
    limits: dict[str, Any],
    report: dict[str, Any],
    findings: list[Finding],
) -> None:
    if report["size"] > limits["max_bytes"]:
        raise _Refused(Finding("too-large", "refuse", "tệp quá lớn.", "it is too large."))
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(_HEADER_WITHIN):
            raise _Refused(Finding("not-pdf", "refuse", "đây không phải tệp PDF.", "it is not a PDF."))
        file.seek(0)
        try:
            reader = open_reader(file, allow_hybrid=True)
            _unlock(reader, password, report)
        except PdfError as error:
            raise _Refused(unreadable(str(error))) from error
        report["hybrid"] = bool(reader.xrefs.hybrid_xrefs_present)
        if report["hybrid"] and not limits["allow_hybrid"]:
            findings.append(HYBRID)
        with _open_strictly(path, password) as pdf:
            if len(pdf.objects) > limits["max_objects"]:
                raise _Refused(
                    Finding("too-many-objects", "refuse", "quá nhiều đối tượng.", "it has too many objects.")
                )
            findings.extend(_find_forbidden(pdf))
            report["pdf_version"] = pdf.pdf_version
            pages = map_pages(pdf, limits["max_pages"])
            report["pages"] = pages.count
            findings.extend(pages.findings)
            if pages.broken:
                return
            # Before anything is decoded.
            bombs = find_bombs(pdf, pages, limits)
            findings.extend(bombs)
            if bombs:
                return
            report["pdfa"] = _pdfa(pdf)
            findings.extend(find_active_content(pdf, pages, embedding=report["pdfa"].startswith("3")))
            findings.extend(find_layout_problems(pdf, pages))
            findings.extend(find_secret_mark(path, password))
            _report_damage(pdf, findings)
        findings.extend(find_collisions(path, reader))
        signed, problems = find_signature_problems(reader)
        report["signatures"], report["signed"] = len(signed), signed
        findings.extend(problems)


def _unlock(reader: PdfFileReader, password: str | None, report: dict[str, Any]) -> None:
    if not reader.encrypted:
        return
    report["encrypted"] = True
    # Without a password, the empty one: what opens with it anybody may read, and it needs no secret.
    if reader.decrypt((password or "").encode()).status is AuthStatus.FAILED:
        raise _Refused(ENCRYPTED if password is None else WRONG_PASSWORD)
    if reader.security_handler is not None and reader.security_handler.pdf_mac_enabled:
        raise _Refused(ENCRYPTED_MAC)


def _open_strictly(path: Path, password: str | None) -> pikepdf.Pdf:
    try:
        return pikepdf.open(path, password=password or "", attempt_recovery=False, suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise _Refused(WRONG_PASSWORD) from error
    except pikepdf.PdfError as error:
        raise _Refused(unreadable(str(error))) from error


def _find_forbidden(pdf: pikepdf.Pdf) -> list[Finding]:
    """An encrypted document says what its readers may do, signing among it (ISO 32000-2, table 22)."""
    if not pdf.is_encrypted or pdf.owner_password_matched:
        return []
    return [] if pdf.allow.modify_other and pdf.allow.modify_annotation else [SIGNING_FORBIDDEN]


def _pdfa(pdf: pikepdf.Pdf) -> str:
    metadata = pdf.Root.get("/Metadata")
    return read_pdfa(metadata.read_bytes()) if isinstance(metadata, pikepdf.Stream) else ""


def _report_damage(pdf: pikepdf.Pdf, findings: list[Finding]) -> None:
    warnings = pdf.get_warnings()
    if warnings:
        findings.append(
            Finding(
                "damaged",
                "warn",
                "tệp có lỗi nhỏ về cấu trúc; phần mềm khác nhau có thể hiển thị khác nhau.",
                "its structure has small faults; programs may show it differently.",
                detail=f"{len(warnings)} warnings",
            )
        )
