"""Is a document marked as a state secret? Such a document is never signed here.

Law on Protection of State Secrets 29/2018/QH14, Art. 8 and Decree 26/2020/NĐ-CP: three degrees, MẬT, TỐI
MẬT, TUYỆT MẬT; the mark is a stamp of its own, in capitals, below number and notation or at the head of
page 1. Provincial rules leave state secrets out of ordinary official signing (for instance Ninh Bình,
Decision 165/2025/QĐ-UBND, Art. 1.2). Pure: texts and places in, an answer out.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from signsvc.pades.errors import SecretDocument
from signsvc.pades.findings import Finding

# Also as the fonts of before Unicode write them: TCVN3 (.VnTime), VNI.
_HIGHER = frozenset({"TỐIMẬT", "TUYỆTMẬT", "TÈIMËT", "TUYÖTMËT", "TOÁIMAÄT", "TUYEÄTMAÄT"})
_SECRET = frozenset({"MẬT", "MËT", "MAÄT"})
_FIRST_WORDS = frozenset({"TỐI", "TUYỆT", "TÈI", "TUYÖT", "TOÁI", "TUYEÄT"})
# "Độ mật: Tối mật", in a document's head.
_DECLARED = re.compile(r"ĐỘMẬT[:\-–]*(?:TỐI|TUYỆT)?MẬT")
_LETTERS = re.compile(r"[^\W\d_]+")
# Words of which "mật" is a part; broken at the end of a line they leave it standing alone.
_BEFORE = frozenset({"BẢO", "BÍ", "CƠ", "NỘI", "ẨN", "THÂM", "TÚI", "GẤU", "NGỌT"})
# Only what begins no title: below the mark of a secret report stands "BÁO CÁO".
_AFTER = frozenset({"ĐỘ", "ONG", "MÃ", "KHẨU", "VỤ", "ĐÀM", "NGỮ"})
_HEAD = 0.5  # of the page's height: where the mark stands
_APART = 2.5  # line heights: what is farther is another part of the page

SECRET = Finding(
    "secret-mark",
    "refuse",
    "tài liệu mang dấu chỉ độ mật; văn bản mật không được ký trên hệ thống này.",
    "it bears a mark of secrecy; state secrets are not signed in this system.",
    page=1,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of one line, without a wide gap between them. Shares of the page, from its bottom left."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return max(self.top - self.bottom, 0.001)


def check_not_secret(declared: str) -> None:
    """``declared``: none, mat, toi_mat, tuyet_mat; anything but "none" is secret. Raises SecretDocument."""
    if declared != "none":
        raise SecretDocument((SECRET,))


def bears_mark(pieces: Iterable[Piece]) -> bool:
    """Whether one of the pieces, or two one above the other, is a mark of secrecy."""
    head = sorted((one for one in pieces if one.top >= _HEAD), key=lambda one: (-one.bottom, one.left))
    if any(_DECLARED.fullmatch(_letters_of(one.text)) for one in head):
        return True
    return any(_is_mark(one, head) for one in head)


def _is_mark(piece: Piece, head: Sequence[Piece]) -> bool:
    written = _letters_of(piece.text)
    if written in _HIGHER:
        return True
    # A single small-lettered "mật" is the rest of a broken line; the stamp is in capitals, or in the
    # small letters that old fonts draw as capitals.
    if written not in _SECRET or (piece.text != piece.text.upper() and written == "MẬT"):
        return False
    above = _neighbours(piece, head, above=True)
    if any(_words(one.text)[-1:] and _words(one.text)[-1] in _FIRST_WORDS for one in above):
        return True
    if any(_words(one.text)[-1:] and _words(one.text)[-1] in _BEFORE for one in above):
        return False
    below = _neighbours(piece, head, above=False)
    return not any(_words(one.text)[:1] and _words(one.text)[0] in _AFTER for one in below)


def _neighbours(piece: Piece, head: Sequence[Piece], *, above: bool) -> list[Piece]:
    """What stands in the line just above or below, over or under the piece."""
    found = []
    for one in head:
        distance = one.bottom - piece.top if above else piece.bottom - one.top
        aside = one.left > piece.right + piece.height or one.right < piece.left - piece.height
        if one is not piece and -0.5 * piece.height <= distance <= _APART * piece.height and not aside:
            found.append(one)
    return found


def _letters_of(text: str) -> str:
    """Capital letters (and colons) only: letter spacing, frames and line breaks fall away."""
    normal = unicodedata.normalize("NFC", text).upper()
    return "".join(letter for letter in normal if letter.isalpha() or letter in ":-–")


def _words(text: str) -> list[str]:
    return _LETTERS.findall(unicodedata.normalize("NFC", text).upper())


def pieces_of(characters: Sequence[tuple[str, float, float, float, float]]) -> list[Piece]:
    """Pieces from single characters (text, left, bottom, right, top), in whatever order."""
    lines: list[list[tuple[str, float, float, float, float]]] = []
    for one in sorted(characters, key=lambda each: -(each[2] + each[4])):
        middle = (one[2] + one[4]) / 2
        # Accents make boxes of one line differ; what overlaps by its middle is one line.
        if lines and lines[-1][0][2] <= middle <= lines[-1][0][4]:
            lines[-1].append(one)
        else:
            lines.append([one])
    return [piece for line in lines for piece in _cut(sorted(line, key=lambda each: each[1]))]


def _cut(line: Sequence[tuple[str, float, float, float, float]]) -> list[Piece]:
    height = max(one[4] - one[2] for one in line)
    pieces: list[list[tuple[str, float, float, float, float]]] = [[line[0]]]
    for before, one in pairwise(line):
        if one[1] - before[3] > _APART * height:
            pieces.append([])
        elif one[1] - before[3] > 0.2 * height:
            pieces[-1].append((" ", before[3], one[2], one[1], one[4]))
        pieces[-1].append(one)
    return [
        Piece(
            "".join(one[0] for one in piece),
            min(one[1] for one in piece),
            min(one[2] for one in piece),
            max(one[3] for one in piece),
            max(one[4] for one in piece),
        )
        for piece in pieces
        if piece
    ]
