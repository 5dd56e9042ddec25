"""What must not be signed is refused by name and page, and no document harms the next one."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from signsvc.pades.errors import DocumentRefused
from signsvc.pades.intake import InspectionLimits, Intake, IntakeReport, check_signable
from tests.signsvc.pades import hostile
from tests.signsvc.pades.software_signer import SAMPLES, SoftwareSigner, sign_document


@pytest.fixture(scope="module")
def intake() -> Iterator[Intake]:
    pool = Intake(workers=1)
    yield pool
    pool.close()


def _codes(report: IntakeReport) -> set[str]:
    return {finding.code for finding in report.refusals}


@pytest.mark.parametrize("name", ["quyet-dinh", "quyet-dinh-pdfa", "phu-luc", "ban-quet", "xoay"])
def test_real_documents_are_accepted(intake: Intake, name: str) -> None:
    report = intake.inspect(SAMPLES / f"{name}.pdf")
    check_signable(report)
    assert report.findings == ()
    assert report.pages == {"phu-luc": 1, "ban-quet": 2}.get(name, 10)
    assert report.pdfa == ("2B" if "pdfa" in name else "")


def _encrypted(path: Path, *, user: str, permissions: pikepdf.Permissions) -> Path:
    with pikepdf.open(SAMPLES / "phu-luc.pdf") as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="owner", user=user, R=6, allow=permissions))
    return path


def test_an_encrypted_document_that_anybody_can_open_is_accepted(intake: Intake) -> None:
    for password in (None, "", "owner"):
        report = intake.inspect(SAMPLES / "ma-hoa.pdf", password=password)
        check_signable(report)
        assert report.encrypted
        assert report.pages == 1
    assert _codes(intake.inspect(SAMPLES / "ma-hoa.pdf", password="wrong")) == {"wrong-password"}


def test_a_document_that_opens_with_a_password_only_is_refused(intake: Intake, tmp_path: Path) -> None:
    path = _encrypted(tmp_path / "x.pdf", user="secret", permissions=pikepdf.Permissions())
    assert _codes(intake.inspect(path)) == {"encrypted"}
    check_signable(intake.inspect(path, password="secret"))


@pytest.mark.parametrize("forbidden", ["modify_other", "modify_annotation"])
def test_a_document_whose_author_forbids_signing_is_refused(
    intake: Intake, tmp_path: Path, forbidden: str
) -> None:
    path = _encrypted(tmp_path / "x.pdf", user="", permissions=pikepdf.Permissions(**{forbidden: False}))
    assert _codes(intake.inspect(path)) == {"signing-forbidden"}
    check_signable(intake.inspect(path, password="owner"))


@pytest.mark.parametrize("attack", sorted(hostile.ACTIVE))
def test_active_content_is_refused_with_its_page(intake: Intake, attack: str, tmp_path: Path) -> None:
    code, make, page = hostile.ACTIVE[attack]
    pdf = hostile.plain()
    make(pdf)
    report = intake.inspect(hostile.save(pdf, tmp_path / "attack.pdf"))
    found = [finding for finding in report.refusals if finding.code == code]
    assert found, report.findings
    assert found[0].page == page
    with pytest.raises(DocumentRefused) as refused:
        check_signable(report)
    assert refused.value.message
    assert refused.value.message_en


def test_hexadecimal_names_do_not_hide_a_script(intake: Intake, tmp_path: Path) -> None:
    path = hostile.escaped_javascript(tmp_path / "escaped.pdf")
    assert b"/JS" not in path.read_bytes()
    assert "javascript" in _codes(intake.inspect(path))


def test_a_destination_as_open_action_is_harmless(intake: Intake, tmp_path: Path) -> None:
    pdf = hostile.plain()
    pdf.Root.OpenAction = pikepdf.Dictionary(
        S=pikepdf.Name.GoTo, D=pikepdf.Array([pdf.pages[0].obj, pikepdf.Name.Fit])
    )
    assert intake.inspect(hostile.save(pdf, tmp_path / "goto.pdf")).findings == ()


def test_pdfa_3_may_embed_files(intake: Intake, tmp_path: Path) -> None:
    pdf = hostile.plain()
    pdf.attachments["hoa-don.xml"] = b"<a/>"
    with pdf.open_metadata() as metadata:
        metadata["pdfaid:part"] = "3"
        metadata["pdfaid:conformance"] = "B"
    report = intake.inspect(hostile.save(pdf, tmp_path / "a3.pdf"))
    assert report.pdfa == "3B"
    assert _codes(report) == set()


def test_an_object_defined_twice_is_refused(intake: Intake, tmp_path: Path) -> None:
    assert _codes(intake.inspect(hostile.colliding(tmp_path / "twice.pdf"))) == {"colliding-objects"}


def test_the_text_of_an_object_inside_a_stream_is_no_object(intake: Intake, tmp_path: Path) -> None:
    path = hostile.colliding(tmp_path / "text.pdf", inside_stream=True)
    assert path.read_bytes().count(b"\n4 0 obj") >= 2
    assert _codes(intake.inspect(path)) == set()


@pytest.mark.parametrize("layers", [1, 2])
def test_a_decompression_bomb_is_refused(intake: Intake, layers: int, tmp_path: Path) -> None:
    path = hostile.bomb(tmp_path / "bomb.pdf", layers)
    report = intake.inspect(path)
    assert _codes(report) == {"bomb"}
    assert report.refusals[0].page == 2


def test_a_bomb_that_poses_as_a_picture_is_refused(intake: Intake, tmp_path: Path) -> None:
    report = intake.inspect(hostile.disguised_bomb(tmp_path / "bomb.pdf", 200 << 20))
    assert _codes(report) == {"bomb"}


@pytest.mark.parametrize("count", [b"0", b"2", b"-1", b"(1)", b"null"])
def test_a_page_tree_that_miscounts_is_refused(intake: Intake, count: bytes, tmp_path: Path) -> None:
    report = intake.inspect(hostile.miscounting_tree(tmp_path / "tree.pdf", count))
    assert _codes(report) == {"page-count"}


def test_a_warning_on_each_of_ten_thousand_pages_is_no_reason_to_refuse(
    intake: Intake, tmp_path: Path
) -> None:
    pages = 10_000
    page = b"<</Type/Page/Parent 1 0 R/MediaBox[0 0 595 842]/CropBox[0 0 300 400]>>"
    kids = b" ".join(b"%d 0 R" % number for number in range(3, pages + 3))
    tree = b"<</Type/Pages/Count %d/Kids[%b]>>" % (pages, kids)
    objects = [tree, b"<</Type/Catalog/Pages 1 0 R>>", *[page] * pages]
    report = intake.inspect(hostile.written(tmp_path / "cropped.pdf", objects, b"/Root 2 0 R"))
    check_signable(report)
    assert report.pages == pages
    cropped = [finding for finding in report.warnings if finding.code == "cropped-page"]
    assert [finding.page for finding in cropped] == list(range(1, 101))
    more = next(finding for finding in report.warnings if finding.code == "more-findings")
    assert f"{pages - 100}" in more.message_en


def test_a_page_tree_that_loops_is_refused(intake: Intake, tmp_path: Path) -> None:
    assert _codes(intake.inspect(hostile.looping_tree(tmp_path / "loop.pdf"))) & {
        "page-tree-loop",
        "unreadable",
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-pdf"),
        (b"PK\x03\x04 not a PDF at all", "not-pdf"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 40, "unreadable"),
        ((SAMPLES / "quyet-dinh.pdf").read_bytes()[:-2000], "unreadable"),
    ],
)
def test_garbage_is_refused(intake: Intake, data: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "garbage.pdf"
    path.write_bytes(data)
    assert _codes(intake.inspect(path)) == {code}


def test_a_page_too_many_is_refused(tmp_path: Path) -> None:
    pool = Intake(InspectionLimits(max_pages=3), workers=1)
    try:
        report = pool.inspect(hostile.save(hostile.plain(4), tmp_path / "four.pdf"))
        assert _codes(report) == {"too-many-pages"}
    finally:
        pool.close()


@pytest.mark.parametrize(
    "limits",
    [
        InspectionLimits(memory_bytes=32 * 1024 * 1024),
        InspectionLimits(wall_seconds=0.001),
        InspectionLimits(cpu_seconds=0),
    ],
    ids=["memory", "wall", "cpu"],
)
def test_a_document_that_exhausts_its_limits_is_refused_alone(limits: InspectionLimits) -> None:
    pool = Intake(limits, workers=1)
    try:
        assert _codes(pool.inspect(SAMPLES / "quyet-dinh.pdf")) == {"unreadable"}
        pool._limits = InspectionLimits()
        assert pool.inspect(SAMPLES / "quyet-dinh.pdf").findings == ()
    finally:
        pool.close()


def test_a_killed_inspecting_process_is_replaced() -> None:
    pool = Intake(workers=1)
    try:
        pool.start()
        process = pool._workers[0]._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.1)
        assert pool.inspect(SAMPLES / "phu-luc.pdf").findings == ()
    finally:
        pool.close()


def test_a_broken_signature_is_not_signed_over(
    intake: Intake, signer: SoftwareSigner, tmp_path: Path
) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes((SAMPLES / "phu-luc.pdf").read_bytes())
    sign_document(path, signer)
    assert intake.inspect(path).signatures == 1
    assert _codes(intake.inspect(path)) == set()
    data = bytearray(path.read_bytes())
    position = data.index(b"/Producer") if b"/Producer" in data else data.index(b"/Creator")
    data[position + 1] ^= 0x20
    path.write_bytes(data)
    assert "broken-signature" in _codes(intake.inspect(path))


def test_what_readers_may_show_differently_is_a_warning_with_its_page(intake: Intake, tmp_path: Path) -> None:
    pdf = hostile.plain(3)
    pdf.pages[1].Resources = pikepdf.Dictionary(
        Font=pikepdf.Dictionary(
            F=pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
        )
    )
    pdf.pages[1].Contents = pdf.make_stream(b"BT /F 9 Tf 3 Tr (unseen) Tj ET")
    pdf.pages[2].CropBox = [0, 0, 300, 400]
    cover = pdf.make_stream(b"", pikepdf.Dictionary(Subtype=pikepdf.Name.Form, BBox=[0, 0, 1, 1]))
    pdf.pages[0].Annots = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Subtype=pikepdf.Name.Stamp, Rect=[0, 0, 595, 842], AP=pikepdf.Dictionary(N=cover)
            )
        ]
    )
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([]), NeedAppearances=True)
    pdf.Root.OCProperties = pikepdf.Dictionary(
        OCGs=pikepdf.Array([]), D=pikepdf.Dictionary(BaseState=pikepdf.Name.OFF)
    )
    report = intake.inspect(hostile.save(pdf, tmp_path / "warn.pdf"))
    assert report.refusals == ()
    assert {(finding.code, finding.page) for finding in report.warnings} == {
        ("font-not-embedded", 2),
        ("invisible-text", 2),
        ("cropped-page", 3),
        ("covering-annotation", 1),
        ("need-appearances", None),
        ("hidden-layer", None),
    }


def test_no_secret_of_the_service_reaches_the_inspecting_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIGNSVC_DATABASE", "postgresql://u:secret@h/d")
    pool = Intake(workers=1)
    try:
        pool.start()
        process = pool._workers[0]._process
        assert process is not None
        assert b"secret" not in Path(f"/proc/{process.pid}/environ").read_bytes()
        pool.inspect(SAMPLES / "phu-luc.pdf")
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status
    finally:
        pool.close()
