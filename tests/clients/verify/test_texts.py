"""Every text of the verify page has English, and every English text is read by somebody."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from babel.messages.pofile import read_po

PAGE = Path(__file__).parents[3] / "clients" / "verify" / "antin_verify"
_DOUBLE, _SINGLE = r'(?:"(?:[^"\\]|\\.)*"\s*)+', r"(?:'(?:[^'\\]|\\.)*'\s*)+"
_CALL = re.compile(rf"\b(?:_|gettext|lazy_gettext)\(\s*({_DOUBLE}|{_SINGLE})[,)]")


def used() -> dict[str, list[str]]:
    """Text to the files that say it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in [*PAGE.rglob("*.html"), *PAGE.rglob("*.py")]:
        for call in _CALL.finditer(path.read_text("utf-8")):
            found["".join(ast.literal_eval(f"({call.group(1)})"))].append(path.name)
    return found


def english() -> dict[str, tuple[str, str]]:
    """Text to its English and the file that has it."""
    found: dict[str, tuple[str, str]] = {}
    for path in (PAGE / "texts").glob("en.po"):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if message.id:
                    found[str(message.id)] = (str(message.string), path.name)
    return found


def test_every_text_has_english() -> None:
    known = english()
    assert {text: files for text, files in used().items() if not known.get(text, ("",))[0]} == {}


def test_no_english_text_is_left_over() -> None:
    said = used()
    assert {text: file for text, (_, file) in english().items() if text not in said} == {}


def test_no_page_says_vietnamese_outside_a_text() -> None:
    """What is not wrapped would stand on the English page as it is."""
    accents = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
    allowed = ("Ấn Tín", "Tiếng Việt")
    loose = {}
    for path in (PAGE / "templates").rglob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        for word in allowed:
            text = text.replace(word, "")
        if accents.search(text):
            loose[path.name] = accents.search(text).group()  # type: ignore[union-attr]
    assert loose == {}
