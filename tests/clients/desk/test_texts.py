"""Every text that a person reads at the desk has English, and every English text is read by somebody."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from babel.messages.pofile import read_po

WEB = Path(__file__).parents[3] / "clients" / "desk" / "desk" / "web"
_DOUBLE, _SINGLE = r'(?:"(?:[^"\\]|\\.)*"\s*)+', r"(?:'(?:[^'\\]|\\.)*'\s*)+"
_CALL = re.compile(rf"\b(?:_|gettext|lazy_gettext)\(\s*({_DOUBLE}|{_SINGLE})[,)]")


def used() -> dict[str, list[str]]:
    """Text to the files that say it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in [*WEB.rglob("*.html"), *WEB.rglob("*.py")]:
        for call in _CALL.finditer(path.read_text("utf-8")):
            found["".join(ast.literal_eval(f"({call.group(1)})"))].append(path.name)
    return found


def english() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (WEB / "texts").glob("*.en.po"):
        with path.open("rb") as file:
            found |= {str(each.id): str(each.string) for each in read_po(file, locale="en") if each.id}
    return found


def test_every_text_has_english() -> None:
    known = english()
    assert {text: files for text, files in used().items() if not known.get(text)} == {}


def test_no_english_text_is_left_over() -> None:
    said = used()
    assert [text for text in english() if text not in said] == []


def test_english_names_the_same_values() -> None:
    """A value that only one language names would stop the page in the other."""
    named = re.compile(r"%\((\w+)\)s")
    assert {t: e for t, e in english().items() if set(named.findall(t)) != set(named.findall(e))} == {}


def test_no_page_says_vietnamese_outside_a_text() -> None:
    accents = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
    loose = {}
    for path in (WEB / "templates").rglob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        found = accents.search(text.replace("Tiếng Việt", ""))
        if found:
            loose[path.name] = found.group()
    assert loose == {}
