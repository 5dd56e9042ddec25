"""The stamp's font, subset once to Latin and Vietnamese and kept ready to be embedded.

Subsetting costs 150 ms, embedding a stored subset well under one: so the subset is made once for a
source font, stored in a cache folder, and its compressed PDF streams are kept in memory.
"""

import hashlib
import os
import tempfile
import unicodedata
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont, TTLibError
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from signsvc.pades.errors import StampUnusable
from signsvc.pades.objects import RawObject, array, deflated, dictionary, name, number

_SUBSET_VERSION = b"2"
_RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x1A0, 0x1A1), (0x1AF, 0x1B0), (0x1EA0, 0x1EF9), (0x2010, 0x2026))
_SINGLE = (0x20AB, 0x20AC, 0x2116, 0x2122, 0x2212)
_PANGRAM = "ĂÂĐÊÔƠƯăâđêôơưẢảỆệỘộỮữỸỹ"
_SYMBOLIC = 4


@dataclass(frozen=True, slots=True)
class StampFont:
    """A subset TrueType font with all that a PDF needs of it. Made by ``load_stamp_font``."""

    name: str
    glyphs: dict[int, int]
    widths: dict[int, int]
    ascent: int
    descent: int
    font_file: bytes
    font_file_length: int
    to_unicode: bytes
    width_array: bytes
    descriptor: bytes
    cid_set: bytes

    def glyph_ids(self, text: str) -> list[int]:
        """The glyphs of a text, composed first (NFC). Raises StampUnusable for a letter the font lacks."""
        composed = unicodedata.normalize("NFC", text)
        try:
            return [self.glyphs[ord(letter)] for letter in composed]
        except KeyError as error:
            letter = chr(error.args[0])
            raise StampUnusable(
                f"Phông chữ của dấu hiển thị không có ký tự U+{ord(letter):04X}.",
                f"The stamp's font has no letter U+{ord(letter):04X}.",
            ) from error

    def width(self, text: str, size: float) -> float:
        """How wide a text is, in points."""
        return sum(self.widths[glyph] for glyph in self.glyph_ids(text)) * size / 1000

    def add_to(self, writer: BasePdfFileWriter) -> Any:
        """Add the font to a document and return its reference (Type 0, Identity-H)."""
        font_file = writer.add_object(deflated({"/Length1": number(self.font_file_length)}, self.font_file))
        cid_set = writer.add_object(deflated({}, self.cid_set))
        descriptor = RawObject(
            self.descriptor
            + b"/FontFile2 %d %d R /CIDSet %d %d R >>"
            % (font_file.idnum, font_file.generation, cid_set.idnum, cid_set.generation)
        )
        system_info = dictionary(
            {
                "/Registry": pdf_string("Adobe"),
                "/Ordering": pdf_string("Identity"),
                "/Supplement": number(0),
            }
        )
        descendant = dictionary(
            {
                "/Type": name("/Font"),
                "/Subtype": name("/CIDFontType2"),
                "/BaseFont": name(self.name),
                "/CIDToGIDMap": name("/Identity"),
                "/CIDSystemInfo": system_info,
                "/FontDescriptor": writer.add_object(descriptor),
                "/W": RawObject(self.width_array),
            }
        )
        return writer.add_object(
            dictionary(
                {
                    "/Type": name("/Font"),
                    "/Subtype": name("/Type0"),
                    "/BaseFont": name(self.name),
                    "/Encoding": name("/Identity-H"),
                    "/DescendantFonts": array([writer.add_object(descendant)]),
                    "/ToUnicode": writer.add_object(deflated({}, self.to_unicode)),
                }
            )
        )


def load_stamp_font(source: Path, cache: Path | None = None) -> StampFont:
    """Read a TrueType font, subset it (or take the stored subset from ``cache``) and make it ready.

    Raises StampUnusable if the font can't be read or lacks Vietnamese letters.
    """
    try:
        original = source.read_bytes()
        key = hashlib.sha256(_SUBSET_VERSION + original).hexdigest()
        stored = cache / f"{source.stem}-{key[:16]}.ttf" if cache else None
        if stored is not None and stored.is_file():
            return _make_ready(stored.read_bytes(), source.stem, key)
        data = _subset(original)
        if stored is not None:
            _store(stored, data)
        return _make_ready(data, source.stem, key)
    except (OSError, TTLibError) as error:
        raise StampUnusable(
            "Không đọc được phông chữ của dấu hiển thị.",
            "The stamp's font cannot be read.",
            detail=str(error),
        ) from error


def _subset(original: bytes) -> bytes:
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.name_IDs = []
    options.notdef_outline = True
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "kern", "DSIG", "gasp", "meta"]
    font = subset.load_font(BytesIO(original), options)
    missing = [letter for letter in _PANGRAM if ord(letter) not in font.getBestCmap()]
    if missing:
        raise StampUnusable(
            "Phông chữ của dấu hiển thị thiếu chữ tiếng Việt.",
            "The stamp's font lacks Vietnamese letters.",
            detail="missing " + " ".join(missing),
        )
    wanted = [code for first, last in _RANGES for code in range(first, last + 1)] + list(_SINGLE)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    out = BytesIO()
    subset.save_font(font, out, options)
    return out.getvalue()


def _store(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two processes may store the same subset at once: each writes its own file, the rename is atomic.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)


def _make_ready(data: bytes, stem: str, key: str) -> StampFont:
    font = TTFont(BytesIO(data))
    order = {glyph: index for index, glyph in enumerate(font.getGlyphOrder())}
    scale = 1000 / font["head"].unitsPerEm
    glyphs = {code: order[glyph] for code, glyph in font.getBestCmap().items()}
    widths = {order[glyph]: round(advance * scale) for glyph, (advance, _) in font["hmtx"].metrics.items()}
    tag = "".join(chr(ord("A") + int(digit, 16)) for digit in key[:6])
    font_name = f"/{tag}+{stem.replace(' ', '')}"
    head, hhea = font["head"], font["hhea"]
    ascent, descent = round(hhea.ascent * scale), round(hhea.descent * scale)
    box = [round(value * scale) for value in (head.xMin, head.yMin, head.xMax, head.yMax)]
    descriptor = (
        f"<< /Type /FontDescriptor /FontName {font_name} /Flags {_SYMBOLIC} "
        f"/FontBBox [{' '.join(map(str, box))}] /ItalicAngle 0 /Ascent {ascent} /Descent {descent} "
        f"/CapHeight {round(font['OS/2'].sCapHeight * scale)} /StemV 80 "
    ).encode()
    count = len(order)
    bits = bytearray((count + 7) // 8)
    for glyph in range(count):
        bits[glyph // 8] |= 0x80 >> (glyph % 8)
    ordered = " ".join(str(widths[glyph]) for glyph in range(count))
    return StampFont(
        name=font_name,
        glyphs=glyphs,
        widths=widths,
        ascent=ascent,
        descent=descent,
        font_file=zlib.compress(data, 9),
        font_file_length=len(data),
        to_unicode=zlib.compress(_to_unicode(glyphs), 9),
        width_array=f"[0 [{ordered}]]".encode(),
        descriptor=descriptor,
        cid_set=zlib.compress(bytes(bits), 9),
    )


def _to_unicode(glyphs: dict[int, int]) -> bytes:
    # A glyph two code points share is read back as the first of them (space for no-break space).
    codes = {glyph: code for code, glyph in sorted(glyphs.items(), reverse=True)}
    entries = [f"<{glyph:04X}> <{code:04X}>" for glyph, code in sorted(codes.items())]
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <FFFF> endcodespacerange",
    ]
    for start in range(0, len(entries), 100):
        chunk = entries[start : start + 100]
        lines += [f"{len(chunk)} beginbfchar", *chunk, "endbfchar"]
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode()
