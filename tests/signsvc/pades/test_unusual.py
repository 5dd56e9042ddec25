"""Documents out of the ordinary: hybrid, without a last newline, with thousands of pages."""

import subprocess
from datetime import datetime
from pathlib import Path

import pikepdf
import pytest

from signsvc.pades.appearance import Appearances, VisibleSignature
from signsvc.pades.errors import DocumentRefused
from signsvc.pades.intake import InspectionLimits, Intake
from signsvc.pades.prepare import SignatureRequest, embed, prepare
from tests.signsvc.pades import hostile
from tests.signsvc.pades.software_signer import SoftwareSigner, sign_document


def _request(signer: SoftwareSigner, now: object, **changes: object) -> SignatureRequest:
    return SignatureRequest(reserve=signer.template.reserve(), signing_time=now, **changes)  # type: ignore[arg-type]


def _is_valid(path: Path) -> bool:
    said = subprocess.run(
        ["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False
    ).stdout
    return "Signature is Valid." in said and "Total document signed" in said


@pytest.mark.interop
def test_a_hybrid_document_is_signed_only_when_that_is_allowed(
    signer: SoftwareSigner, now: object, tmp_path: Path
) -> None:
    path = hostile.hybrid(tmp_path / "hybrid.pdf")
    before = path.read_bytes()
    with pytest.raises(DocumentRefused) as refused:
        prepare(path, _request(signer, now))
    assert refused.value.findings[0].code == "hybrid-xref"
    assert path.read_bytes() == before
    pools = Intake(workers=1), Intake(InspectionLimits(allow_hybrid=True), workers=1)
    try:
        strict, lenient = (pool.inspect(path) for pool in pools)
    finally:
        for pool in pools:
            pool.close()
    assert [finding.code for finding in strict.refusals] == ["hybrid-xref"]
    assert strict.hybrid
    assert lenient.refusals == ()
    prepared = prepare(path, _request(signer, now, allow_hybrid=True))
    attributes = signer.template.signed_attributes(prepared.digest)
    embed(path, prepared, signer.template.cms(attributes, signer.sign(attributes)))
    assert _is_valid(path)


_CATALOG = b"<</Type/Catalog/Pages 1 0 R>>"


@pytest.mark.parametrize(
    ("page", "catalog", "trailer"),
    [
        (b"/Annots 5", _CATALOG, b""),
        (b"/Annots<<>>", _CATALOG, b""),
        (b"/CropBox 5", _CATALOG, b""),
        (b"/Rotate/x", _CATALOG, b""),
        (b"/MediaBox[/a 0 595 842]", _CATALOG, b""),
        (b"", b"<</Type/Catalog/Pages 1 0 R/AcroForm<</Fields 5>>>>", b""),
        (b"", b"<</Type/Catalog/Pages 1 0 R/AcroForm<</Fields[5 null (x)]>>>>", b""),
        (b"", b"<</Type/Catalog/Pages 1 0 R/Metadata 5>>", b""),
        (b"", b"<</Type/Catalog/Pages 1 0 R/Metadata<</a 1>>>>", b""),
        (b"", _CATALOG, b"/ID 5"),
    ],
)
def test_entries_of_another_type_than_they_should_be_are_the_documents_fault(
    page: bytes, catalog: bytes, trailer: bytes, appearances: Appearances, now: datetime, tmp_path: Path
) -> None:
    objects = [hostile.ONE_PAGE, b"<</Type/Page/Parent 1 0 R" + page + b">>", catalog]
    path = hostile.written(tmp_path / "odd.pdf", objects, b"/Root 3 0 R" + trailer)
    before = path.read_bytes()
    stamp = VisibleSignature(1, (10, 10, 200, 80), text="MẪU")
    request = SignatureRequest(reserve=4096, signing_time=now, visible=stamp)
    with pytest.raises(DocumentRefused) as refused:
        prepare(path, request, appearances)
    assert refused.value.findings[0].code == "unreadable"
    assert path.read_bytes() == before


@pytest.mark.interop
@pytest.mark.parametrize("ending", [b"%%EOF", b"%%EOF\r", b"%%EOF\r\n", b"%%EOF\n\n"])
def test_any_ending_of_a_document_will_do(ending: bytes, signer: SoftwareSigner, tmp_path: Path) -> None:
    path = hostile.save(hostile.plain(), tmp_path / "ending.pdf")
    path.write_bytes(path.read_bytes().rstrip().removesuffix(b"%%EOF") + ending)
    before = path.read_bytes()
    sign_document(path, signer)
    assert path.read_bytes().startswith(before)
    assert _is_valid(path)


@pytest.mark.interop
@pytest.mark.parametrize("mode", ["disable", "generate"])
def test_two_thousand_pages_are_inspected_and_signed_on_the_last(
    mode: str, signer: SoftwareSigner, appearances: Appearances, tmp_path: Path
) -> None:
    path = hostile.save(
        hostile.plain(2000),
        tmp_path / "long.pdf",
        object_stream_mode=pikepdf.ObjectStreamMode[mode],
    )
    pool = Intake(workers=1)
    try:
        report = pool.inspect(path)
    finally:
        pool.close()
    assert (report.pages, report.findings) == (2000, ())
    visible = VisibleSignature(-1, (50, 50, 250, 90), text="Trang cuối")
    sign_document(path, signer, visible=visible, appearances=appearances)
    assert _is_valid(path)
    with pikepdf.open(path) as pdf:
        assert "/Annots" in pdf.pages[1999]
