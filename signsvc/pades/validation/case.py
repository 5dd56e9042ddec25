"""One signature field on the way to its verdict: what its form alone tells, and that of all together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signsvc.pades.objects import entry
from signsvc.pades.validation.algorithms import key_name
from signsvc.pades.validation.cms_form import SUPPORTED, TIMESTAMP, Form, inspect_form
from signsvc.pades.validation.coverage import (
    Extent,
    RangeWrong,
    check_padding,
    check_revision,
    overlapping,
    read_extent,
)
from signsvc.pades.validation.examine import Examined
from signsvc.pades.validation.later_changes import Later
from signsvc.pades.validation.reasons import reason


@dataclass(slots=True)
class Case:
    """``signature`` is None when it can't be read; ``form`` then says why.

    ``archived_at``: the time of the first good document time-stamp behind it; ``store_archived``: one of
    them covers the security store.
    """

    name: str
    field: Any
    value: Any
    subfilter: str
    form: Form = field(default_factory=lambda: Form([], [], []))
    signature: EmbeddedPdfSignature | None = None
    extent: Extent | None = None
    certification: bool = False
    examined: Examined | None = None
    archived_at: datetime | None = None
    store_archived: bool = False
    later: Later = field(default_factory=Later)

    @property
    def is_timestamp(self) -> bool:
        """A document time-stamp."""
        return self.subfilter == TIMESTAMP


def open_case(reader: PdfFileReader, stream: BinaryIO, name: str, value: Any, found: Any) -> Case:
    """Read one filled signature field. Never raises for what is in it: a broken one must not hide others."""
    value = value.get_object()
    case = Case(name, found.get_object(), value, str(entry(value, "/SubFilter", "")))
    try:
        _read(case, reader, stream, found)
    except RangeWrong as error:
        case.form.failures.append(error.reason)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- whatever the parsers raise over hostile bytes
        if not case.form.failures:
            case.form.failures.append(reason("signature-unreadable"))
    return case


def _read(case: Case, reader: PdfFileReader, stream: BinaryIO, found: Any) -> None:
    if case.subfilter not in SUPPORTED:
        case.form.doubts.append(reason("unsupported-format", name=case.subfilter or "?"))
        return
    try:
        signature = EmbeddedPdfSignature(reader, found, case.name)
    except CMSExtractionError:
        case.form.failures.append(reason("several-signers"))
        return
    contents = signature.pkcs7_content
    case.form = inspect_form(signature.signed_data, case.subfilter)
    if case.form.failures:
        return
    case.certification = _certifies(signature)
    case.extent = read_extent(case.value.raw_get("/ByteRange"), contents, stream)
    try:
        _touch(signature.signer_cert)
    except SignatureValidationError:
        # The certificate that the signature names by its hash is not there.
        case.form.doubts.append(reason("certificate-not-found"))
        case.form.doubted_as = "NO_SIGNING_CERTIFICATE_FOUND"
        return
    case.signature = signature
    for fault in (check_padding(contents), check_revision(signature)):
        if fault is not None:
            case.form.failures.append(fault)


def _touch(certificate: Any) -> None:
    """asn1crypto parses lazily: what will be shown must be readable now. Raises ValueError, TypeError."""
    _ = certificate.subject.native, certificate.issuer.native, key_name(certificate.public_key)


def _certifies(signature: EmbeddedPdfSignature) -> bool:
    references = entry(signature.sig_object, "/Reference", ())
    return any(entry(one.get_object(), "/TransformMethod") == "/DocMDP" for one in references)


def check_together(cases: Sequence[Case], reader: PdfFileReader) -> None:
    """Rules about several signatures; ``cases`` in the order of signing."""
    for index in overlapping([case.extent for case in cases]):
        cases[index].form.failures.append(reason("overlap"))
    _check_shared_values(cases)
    signatures = [case for case in cases if not case.is_timestamp]
    certifying = [case for case in signatures if case.certification]
    for case in certifying:
        if case is not signatures[0]:
            case.form.failures.append(reason("certification-not-first"))
        if case is not certifying[0]:
            case.form.failures.append(reason("certification-not-single"))
    if certifying and not _is_registered(certifying[0], reader):
        certifying[0].form.warnings.append(reason("certification-not-registered"))


def _check_shared_values(cases: Sequence[Case]) -> None:
    """Two fields that show one signature value: one of them lies."""
    seen: dict[tuple[int, int], Case] = {}
    for case in cases:
        reference = getattr(case.value, "container_ref", None)
        if reference is None:
            continue
        other = seen.setdefault((reference.idnum, reference.generation), case)
        if other is not case:
            for one in (case, other):
                one.form.failures.append(reason("overlap"))


def _is_registered(case: Case, reader: PdfFileReader) -> bool:
    try:
        return bool(reader.root["/Perms"]["/DocMDP"] == case.value)
    except (KeyError, TypeError):
        return False
