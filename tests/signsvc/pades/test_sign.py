"""Signed samples stand foreign eyes: poppler, pyHanko, qpdf and a rasteriser."""

import io
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from PIL import Image, ImageChops
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.appearance import Appearances, VisibleSignature
from signsvc.pades.errors import (
    DocumentChanged,
    DocumentRefused,
    PlacementImpossible,
    ReserveTooSmall,
    StampUnusable,
)
from signsvc.pades.prepare import SignatureRequest, decode_prepared, embed, prepare, undo
from tests.servers.devca import Devca
from tests.signsvc.pades.software_signer import SAMPLES, SoftwareSigner, sign_document

SEAL = (SAMPLES / "con-dau-36mm.png").read_bytes()
TEXT = "Số: 123/QĐ-UBND\nNgười Ký Mẫu: Đỗ Thị Ngọc Quỳnh, Ủy ban nhân dân tỉnh"
SIGNABLE = ["quyet-dinh", "quyet-dinh-pdfa", "phu-luc", "ban-quet", "xoay", "ma-hoa"]
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def _stamp(page: int = 1, rect: tuple[float, float, float, float] = (300, 100, 500, 200)) -> VisibleSignature:
    return VisibleSignature(page, rect, SEAL, TEXT)


def _password(name: str) -> str | None:
    return "owner" if name == "ma-hoa" else None


def _pdfsig(path: Path, name: str) -> str:
    password = ["-opw", "owner"] if name == "ma-hoa" else []
    return subprocess.run(
        ["pdfsig", "-nocert", *password, str(path)], capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.interop
@pytest.mark.parametrize("visible", [None, _stamp()], ids=["invisible", "visible"])
@pytest.mark.parametrize("name", SIGNABLE)
def test_poppler_finds_every_signed_sample_valid_and_whole(
    name: str,
    visible: VisibleSignature | None,
    signer: SoftwareSigner,
    appearances: Appearances,
    sample: Callable[[str], Path],
) -> None:
    path = sample(name)
    original = path.read_bytes()
    sign_document(path, signer, visible=visible, appearances=appearances, password=_password(name))
    said = _pdfsig(path, name)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert path.read_bytes().startswith(original)
    with pikepdf.open(path, password=_password(name) or "", attempt_recovery=False) as pdf:
        assert pdf.get_warnings() == []


def _validate(path: Path, devca: Devca) -> list[PdfSignatureStatus]:
    root = asn1_x509.Certificate.load(pem.unarmor(devca.root_pem.encode())[2])
    context = ValidationContext(trust_roots=[root], allow_fetching=False)
    with path.open("rb") as file:
        return [
            validate_pdf_signature(signature, context)
            for signature in PdfFileReader(file).embedded_signatures
        ]


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "RS256"])
def test_pyhanko_finds_each_algorithm_valid(
    algorithm: str,
    devca: Devca,
    signers: dict[SignatureAlgorithm, SoftwareSigner],
    sample: Callable[[str], Path],
) -> None:
    path = sample("quyet-dinh")
    sign_document(path, signers[SignatureAlgorithm(algorithm)])
    (status,) = _validate(path, devca)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"


def test_a_second_signature_leaves_the_first_valid(
    devca: Devca,
    signer: SoftwareSigner,
    signers: dict[SignatureAlgorithm, SoftwareSigner],
    appearances: Appearances,
    sample: Callable[[str], Path],
) -> None:
    path = sample("quyet-dinh-pdfa")
    sign_document(path, signer, visible=_stamp(), appearances=appearances)
    second = signers[SignatureAlgorithm.PS256]
    done = sign_document(path, second, visible=_stamp(-1, (10, 10, 90, 50)), appearances=appearances)
    assert done.prepared.field_name == "Signature2"
    statuses = _validate(path, devca)
    assert [status.bottom_line for status in statuses] == [True, True]
    assert statuses[0].modification_level is ModificationLevel.FORM_FILLING
    assert statuses[1].modification_level is ModificationLevel.NONE


def test_pdfa_keeps_its_metadata_and_embeds_the_font(
    signer: SoftwareSigner, appearances: Appearances, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh-pdfa")
    with pikepdf.open(path) as before:
        xmp = before.Root.Metadata.read_bytes()
        version = before.pdf_version
    sign_document(path, signer, visible=_stamp(), appearances=appearances)
    with pikepdf.open(path) as after:
        assert after.Root.Metadata.read_bytes() == xmp
        assert after.pdf_version == version
        assert "/Version" not in after.Root
        widget = after.Root.AcroForm.Fields[0]
        assert int(widget.F) & 0b110 == 0b100
        (font,) = widget.AP.N.Resources.Font.values()
        descriptor = font.DescendantFonts[0].FontDescriptor
        assert "/FontFile2" in descriptor
        assert "/CIDSet" in descriptor
        assert str(font.BaseFont).endswith("+Tinos-Regular")


@pytest.mark.parametrize(
    ("name", "rotate"), [("quyet-dinh", 0), ("xoay", 90), ("phu-luc", 180), ("phu-luc", 270)]
)
def test_the_stamp_is_where_it_was_asked_on_the_page_as_it_is_seen(
    name: str,
    rotate: int,
    signer: SoftwareSigner,
    appearances: Appearances,
    sample: Callable[[str], Path],
) -> None:
    path = sample(name)
    if name == "phu-luc":
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            pdf.pages[0].Rotate = rotate
            pdf.pages[0].CropBox = [30, 40, 560, 800]
            pdf.save(path)
    before = _render(path)
    rect = (60, 220, 160, 320)
    visible = VisibleSignature(1, rect, _four_colours())
    sign_document(path, signer, visible=visible, appearances=appearances)
    after = _render(path)
    found = ImageChops.difference(before, after).getbbox()
    assert found is not None
    left, top, right, bottom = found
    assert (left, after.height - bottom, right, after.height - top) == pytest.approx(rect, abs=2)
    quarters = [after.getpixel((x, after.height - y)) for y in (295, 245) for x in (85, 135)]
    assert quarters == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)]


def _four_colours() -> bytes:
    """Red above left, green above right, blue below left, black below right."""
    picture = Image.new("RGB", (100, 100))
    for corner, colour in {(0, 0): "#f00", (50, 0): "#0f0", (0, 50): "#00f"}.items():
        picture.paste(colour, (*corner, corner[0] + 50, corner[1] + 50))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _render(path: Path) -> Image.Image:
    document = pypdfium2.PdfDocument(path)
    document.init_forms()
    image = document[0].render(scale=1, may_draw_forms=True).to_pil().convert("RGB")
    document.close()
    return image


@pytest.mark.interop
@pytest.mark.parametrize("name", ["quyet-dinh", "xoay", "ban-quet"])
def test_the_stamps_vietnamese_text_can_be_searched(
    name: str, signer: SoftwareSigner, appearances: Appearances, sample: Callable[[str], Path]
) -> None:
    path = sample(name)
    sign_document(
        path, signer, visible=VisibleSignature(1, (20, 20, 400, 60), text=TEXT), appearances=appearances
    )
    text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    assert "Đỗ Thị Ngọc Quỳnh" in text
    assert "Số: 123/QĐ-UBND" in text


def test_decomposed_letters_are_composed(
    appearances: Appearances, signer: SoftwareSigner, sample: Callable[[str], Path]
) -> None:
    path = sample("phu-luc")
    decomposed = "Nguye\u0302\u0303n"
    visible = VisibleSignature(1, (20, 20, 400, 60), text=decomposed)
    sign_document(path, signer, visible=visible, appearances=appearances)
    text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    assert "Nguyễn" in text


def _request(**changes: object) -> SignatureRequest:
    return SignatureRequest(**{"reserve": 2000, "signing_time": NOW, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("visible", "error"),
    [
        (VisibleSignature(11, (0, 0, 9, 9), text="x"), PlacementImpossible),
        (VisibleSignature(0, (0, 0, 9, 9), text="x"), PlacementImpossible),
        (VisibleSignature(-11, (0, 0, 9, 9), text="x"), PlacementImpossible),
        (VisibleSignature(1, (500, 0, 700, 90), text="x"), PlacementImpossible),
        (VisibleSignature(1, (float("nan"), 0, 50, 50), text="x"), PlacementImpossible),
        (VisibleSignature(1, (0, float("nan"), 50, 50), text="x"), PlacementImpossible),
        (VisibleSignature(1, (50, 50, 51, 51), text="x"), PlacementImpossible),
        (VisibleSignature(1, (0, 0, 50, 50), image=b"no picture"), StampUnusable),
        (VisibleSignature(1, (0, 0, 50, 50), text="\u4e2d"), StampUnusable),
        (VisibleSignature(1, (0, 0, 20, 20), text="từ " * 300), StampUnusable),
        (VisibleSignature(1, (0, 0, 30, 30), text="mười điểm đúng", font_size=10.0), StampUnusable),
    ],
)
def test_an_impossible_stamp_leaves_the_file_as_it_was(
    visible: VisibleSignature,
    error: type[Exception],
    appearances: Appearances,
    sample: Callable[[str], Path],
) -> None:
    path = sample("quyet-dinh")
    before = path.read_bytes()
    with pytest.raises(error):
        prepare(path, _request(visible=visible), appearances)
    assert path.read_bytes() == before


def test_what_lies_between_prepare_and_embed_survives_as_json(
    devca: Devca, signer: SoftwareSigner, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    request = _request(reserve=signer.template.reserve())
    prepared = decode_prepared(prepare(path, request).encode())
    attributes = signer.template.signed_attributes(prepared.digest)
    cms = signer.template.cms(attributes, signer.sign(attributes))
    embed(path, prepared, cms)
    first = path.read_bytes()
    embed(path, prepared, cms)
    assert path.read_bytes() == first
    (status,) = _validate(path, devca)
    assert status.bottom_line


def test_a_file_changed_after_prepare_gets_no_signature(sample: Callable[[str], Path]) -> None:
    path = sample("quyet-dinh")
    prepared = prepare(path, _request())
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DocumentChanged):
        embed(path, prepared, b"\x30\x00")
    path.write_bytes(data + b"\n")
    with pytest.raises(DocumentChanged):
        embed(path, prepared, b"\x30\x00", check=False)


def test_a_signature_too_large_for_its_gap_is_not_written(sample: Callable[[str], Path]) -> None:
    path = sample("quyet-dinh")
    prepared = prepare(path, _request(reserve=100))
    before = path.read_bytes()
    with pytest.raises(ReserveTooSmall):
        embed(path, prepared, bytes(101))
    assert path.read_bytes() == before
    undo(path, prepared)
    assert path.read_bytes() == (SAMPLES / "quyet-dinh.pdf").read_bytes()


def test_a_certified_document_that_forbids_changes_is_refused(
    sample: Callable[[str], Path], tmp_path: Path
) -> None:
    path = sample("phu-luc")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        signature = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Sig,
                Reference=pikepdf.Array(
                    [
                        pikepdf.Dictionary(
                            TransformMethod=pikepdf.Name.DocMDP, TransformParams=pikepdf.Dictionary(P=1)
                        )
                    ]
                ),
            )
        )
        field = pdf.make_indirect(
            pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=pikepdf.String("Signature1"), V=signature)
        )
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        pdf.Root.Perms = pikepdf.Dictionary(DocMDP=signature)
        pdf.save(path)
    with pytest.raises(DocumentRefused) as refused:
        prepare(path, _request())
    assert refused.value.findings[0].code == "certified-no-changes"
