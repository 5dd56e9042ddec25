"""Pages are written in Vietnamese; English comes from ``texts/*.en.po``, read as they are.

A text without English fails a test (tests/clients/desk/test_texts.py).
"""

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Domain, get_locale

TEXTS = Path(__file__).parent / "texts"


class PageTexts(Domain):  # type: ignore[misc]  # flask-babel has no types
    """flask-babel's domain, over all ``.po`` files of the reader's language."""

    def get_translations(self) -> NullTranslations:
        return load(str(get_locale() or "vi"))


@cache
def load(locale: str) -> NullTranslations:
    """All texts of one language; Vietnamese is the source."""
    if locale == "vi":
        return NullTranslations()
    merged = Translations()
    for path in sorted(TEXTS.glob(f"*.{locale}.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=locale))
        compiled.seek(0)
        merged.merge(Translations(compiled))
    return merged
