"""A mark of secrecy is found however it is set, and "bảo mật", "mật độ", "mật ong" are words like others."""

import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name

from signsvc.pades.errors import DocumentRefused, SecretDocument
from signsvc.pades.intake import Intake, check_signable
from signsvc.pades.secrecy import Piece, bears_mark, check_not_secret
from tests.signsvc.pades.conftest import TINOS

LINE = 0.016
MARKS = [
    "MẬT", "TỐI MẬT", "TUYỆT MẬT", "T U Y Ệ T  M Ậ T", "M Ậ T", "[MẬT]", "* TỐI MẬT *", "Tuyệt mật",
    "Độ mật: Mật", "ĐỘ MẬT: TUYỆT MẬT", "Độ mật - Tối mật", "tèi mËt", "mËt", "MAÄT", "TUYEÄT MAÄT",
]  # fmt: skip
WORDS = [
    "BẢO MẬT", "QUY CHẾ BẢO MẬT THÔNG TIN", "Bí mật nhà nước", "MẬT ĐỘ DÂN SỐ", "MẬT ONG RỪNG", "mật",
    "Mật khẩu", "MẬT KHẨU", "CƠ MẬT VIỆN", "thân mật", "MẬT MÃ", "Danh mục bí mật nhà nước độ Mật",
    "Văn bản không mật", "TỐI MẬT MÙ", "Độ mật: không", "TỐI", "TUYỆT", "Về việc bảo vệ tối mật",
]  # fmt: skip


def at(text: str, line: int = 5, left: float = 0.1) -> Piece:
    """A piece in a line of the page, counted from the top."""
    top = 0.95 - 1.4 * LINE * line
    return Piece(text, left, top - LINE, left + 0.012 * len(text), top)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_mark_is_found(mark: str, form: str) -> None:
    around = [at("ỦY BAN NHÂN DÂN", 1), at("Số: 12/BC-UBND", 3), at("Quảng Nam, ngày 24", 5, 0.6)]
    assert bears_mark([*around, at(unicodedata.normalize(form, mark))])


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_with_mat_in_them_are_no_mark(words: str, form: str) -> None:
    assert not bears_mark([at("ỦY BAN NHÂN DÂN", 1), at(unicodedata.normalize(form, words))])


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("TUYỆT", "MẬT", True),
        ("TỐI", "MẬT", True),
        ("QUY CHẾ BẢO", "MẬT", False),
        ("BẢO VỆ BÍ", "MẬT", False),
        ("MẬT", "ĐỘ DÂN SỐ NĂM 2026", False),
        ("MẬT", "ONG XUẤT KHẨU", False),
        ("Số: 12/BC-UBND", "MẬT", True),
        ("MẬT", "BÁO CÁO", True),  # the title below the mark
        ("MẬT", "Kính gửi: Tỉnh ủy", True),
    ],
)
def test_a_broken_line_is_read_with_its_neighbour(first: str, second: str, found: bool) -> None:
    assert bears_mark([at(first, 5), at(second, 6)]) is found


def test_the_other_column_is_no_neighbour() -> None:
    assert bears_mark([at("MẬT", 5, 0.1), at("BẢO", 4, 0.7), at("ĐỘC LẬP", 6, 0.7)])


def test_a_heading_further_down_the_page_is_no_mark() -> None:
    assert not bears_mark([Piece("MẬT", 0.1, 0.2, 0.2, 0.22)])


@given(st.text(alphabet="ABCĐÊÔƯ ẬMT", max_size=12), st.text(alphabet="ABCĐÊÔƯ ẬMT", max_size=12))
def test_a_mark_inside_a_longer_line_is_none(before: str, after: str) -> None:
    line = f"{before}X MẬT X{after}"
    assert not bears_mark([at(line)])


@given(st.sampled_from(["MẬT", "TỐI MẬT", "TUYỆT MẬT"]), st.data())
def test_any_spacing_of_the_letters_is_the_same_mark(mark: str, data: st.DataObject) -> None:
    spaced = "".join(letter + data.draw(st.sampled_from(["", " ", "  ", "\u00a0", "."])) for letter in mark)
    assert bears_mark([at(spaced)])


@pytest.mark.parametrize("declared", ["mat", "toi_mat", "tuyet_mat", "anything"])
def test_what_is_declared_secret_is_refused(declared: str) -> None:
    check_not_secret("none")
    with pytest.raises(SecretDocument):
        check_not_secret(declared)


@pytest.fixture(scope="module")
def intake() -> Iterator[Intake]:
    built = Intake(workers=1)
    yield built
    built.close()


def page_with(*lines: tuple[float, float, str], rotate: int = 0, as_stamp: bool = False) -> bytes:
    """One A4 page with lines of text at (x, y), in Tinos; as content, or as the stamp of an annotation."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 -- for this file alone

    font = TTFont(TINOS)
    cmap, order = font.getBestCmap(), font.getReverseGlyphMap()
    used = {letter: order[cmap[ord(letter)]] for _, _, text in lines for letter in text}
    pdf = pikepdf.new()
    to_unicode = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <0000> <FFFF>"
    )
    to_unicode += b" endcodespacerange %d beginbfchar " % len(used)
    to_unicode += b" ".join(
        f"<{glyph:04X}> <{letter.encode('utf-16-be').hex()}>".encode() for letter, glyph in used.items()
    )
    to_unicode += b" endbfchar endcmap end end"
    widths = [part for letter, glyph in used.items()
              for part in (glyph, Array([font["hmtx"][cmap[ord(letter)]][0] * 1000 // 2048]))]  # fmt: skip
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name.Tinos, Flags=4, FontBBox=[0, -300, 1000, 900], ItalicAngle=0,
        Ascent=900, Descent=-300, CapHeight=700, StemV=80, FontFile2=pdf.make_stream(TINOS.read_bytes()),
    )  # fmt: skip
    child = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name.Tinos, CIDToGIDMap=Name.Identity,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor), W=Array(widths), DW=500,
    )  # fmt: skip
    face = Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=Name.Tinos, Encoding=Name("/Identity-H"),
        DescendantFonts=[pdf.make_indirect(child)], ToUnicode=pdf.make_stream(to_unicode),
    )  # fmt: skip
    resources = Dictionary(Font=Dictionary(F=pdf.make_indirect(face)))
    shown = " ".join(
        f"BT /F 13 Tf {x} {y} Td <{''.join(f'{used[letter]:04X}' for letter in text)}> Tj ET"
        for x, y, text in lines
    ).encode()
    page = pdf.add_blank_page(page_size=(595, 842))
    if rotate:
        page.Rotate = rotate
    if as_stamp:
        drawn = pdf.make_stream(
            shown, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 595, 842], Resources=resources
        )
        stamp = Dictionary(
            Type=Name.Annot, Subtype=Name.Stamp, Rect=[0, 0, 595, 842], F=4, AP=Dictionary(N=drawn),
        )  # fmt: skip
        page.Annots = Array([pdf.make_indirect(stamp)])
    else:
        page.Resources, page.Contents = resources, pdf.make_stream(shown)
    written = io.BytesIO()
    pdf.save(written)
    return written.getvalue()


HEAD = (
    (70, 780, "ỦY BAN NHÂN DÂN TỈNH"),
    (300, 780, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
    (90, 740, "Số: 12/BC"),
)


@pytest.mark.parametrize(
    ("lines", "how"),
    [
        ([(90, 715, "TUYỆT MẬT")], {}),
        ([(90, 715, "MẬT"), (330, 715, "Quảng Nam, ngày 24 tháng 11 năm 2026")], {}),
        ([(90, 715, "T Ố I   M Ậ T")], {}),
        ([(90, 720, "TUYỆT"), (92, 704, "MẬT")], {}),
        ([(90, 715, "MẬT"), (90, 690, "BÁO CÁO")], {}),
        ([(90, 715, "MẬT")], {"rotate": 180}),
        ([(90, 715, "MẬT")], {"rotate": 90}),
        ([(90, 715, "TỐI MẬT")], {"as_stamp": True}),
    ],
    ids=["line", "beside the date", "spaced", "two lines", "title below", "upside down", "turned", "stamp"],
)
def test_a_marked_page_is_refused(
    intake: Intake, tmp_path: Path, lines: list[tuple[float, float, str]], how: dict[str, Any]
) -> None:
    file = tmp_path / "mat.pdf"
    file.write_bytes(page_with(*HEAD, *lines, **how))
    with pytest.raises(SecretDocument) as refused:
        check_signable(intake.inspect(file))
    assert [finding.code for finding in refused.value.findings] == ["secret-mark"]


@pytest.mark.parametrize(
    "lines",
    [
        [(90, 700, "QUY CHẾ BẢO MẬT"), (90, 680, "Mật độ dân số, mật ong, bí mật kinh doanh")],
        [(200, 700, "KẾ HOẠCH ĐẢM BẢO AN TOÀN, BẢO"), (280, 684, "MẬT"), (230, 660, "thông tin")],
        [(90, 200, "MẬT")],
    ],
    ids=["words", "broken heading", "below"],
)
def test_an_ordinary_page_is_signable(
    intake: Intake, tmp_path: Path, lines: list[tuple[float, float, str]]
) -> None:
    file = tmp_path / "thuong.pdf"
    file.write_bytes(page_with(*HEAD, *lines))
    check_signable(intake.inspect(file))


def test_a_secret_document_is_a_refused_one_with_a_code_of_its_own() -> None:
    assert issubclass(SecretDocument, DocumentRefused)
    assert SecretDocument.code == "secret_document"
