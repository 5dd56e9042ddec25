"""What a password must be: long, and not one that attackers try first (ASVS 5.0 §6.2).

There are no rules about capitals, digits or signs, no forced change, and no hint.

``common-passwords.txt.gz`` is looked at offline; nothing about a password leaves this process. It is made
of the 20,000 most frequent breached passwords that Django carries (Royce Williams's list from Pwned
Passwords; BSD), the 30,000 of zxcvbn (MIT), and the Vietnamese words that such lists lack; lower case,
five characters and more. Decoration does not help: ``MatKhau@2026`` is ``matkhau``.
"""

import gzip
import re
import unicodedata
from functools import cache
from pathlib import Path

from idp.errors import DirectoryRefused

MIN_LENGTH, MAX_LENGTH = 12, 256
_LIST = Path(__file__).with_name("common-passwords.txt.gz")
_DECORATION = re.compile(r"^[^a-z]+|[^a-z]+$")
_LOOKALIKES = str.maketrans("@4013$5!", "aaoiessi")
_FEWEST_DIFFERENT = 5


def normal_password(typed: str) -> str:
    """NFKC: one Vietnamese keyboard writes ``ế`` as one character, another as three."""
    return unicodedata.normalize("NFKC", typed)


def check_new_password(typed: str, *, known: tuple[str, ...] = ()) -> str:
    """The password to hash. ``known``: what anybody knows of the person (name, username).

    Raises DirectoryRefused, which says what to do.
    """
    password = normal_password(typed)
    if len(password) < MIN_LENGTH:
        raise DirectoryRefused(
            f"Mật khẩu cần ít nhất {MIN_LENGTH} ký tự. Một câu dễ nhớ là tốt nhất.",
            f"A password needs {MIN_LENGTH} characters at least. A sentence you remember is best.",
        )
    if len(password) > MAX_LENGTH:
        raise DirectoryRefused(
            f"Mật khẩu dài nhất {MAX_LENGTH} ký tự.", f"A password has {MAX_LENGTH} characters at most."
        )
    if is_common(password) or _is_personal(password, known):
        raise DirectoryRefused(
            "Mật khẩu này quá dễ đoán hoặc đã bị lộ ở nơi khác. Hãy chọn một câu khác.",
            "This password is too easy to guess, or was leaked elsewhere. Choose another sentence.",
        )
    return password


def is_common(password: str) -> bool:
    """Whether attackers would try it early: listed, decorated, repeated, or a run of keys."""
    lowered = password.lower()
    if len(set(lowered)) < _FEWEST_DIFFERENT or lowered in "01234567890123456789012345678901234567890":
        return True
    plain = _without_accents(lowered)
    candidates = {lowered, plain, plain.translate(_LOOKALIKES)}
    candidates |= {_DECORATION.sub("", each) for each in (plain, plain.translate(_LOOKALIKES))}
    candidates |= {half for each in candidates if (half := _half(each))}
    return not candidates.isdisjoint(_common())


def _is_personal(password: str, known: tuple[str, ...]) -> bool:
    """Whether little is left of it without what anybody knows of the person."""
    left = re.sub(r"[^a-z0-9]", "", _without_accents(password.lower()))
    for text in known:
        for word in re.findall(r"[a-z0-9]{3,}", _without_accents(text.lower())):
            left = left.replace(word, "")
    return len(set(left)) < _FEWEST_DIFFERENT


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _half(text: str) -> str:
    """``abcabc`` is ``abc``, typed twice."""
    middle = len(text) // 2
    return text[:middle] if middle and text[:middle] == text[middle:] else ""


@cache
def _common() -> frozenset[str]:
    return frozenset(gzip.decompress(_LIST.read_bytes()).decode("ascii").split())
