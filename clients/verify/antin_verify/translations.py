"""The page is written in Vietnamese; English comes from ``texts/en.po``, read as it is.

A text without English fails a test (tests/clients/verify/test_texts.py).
"""

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import request
from flask_babel import Domain, get_locale

LANGUAGES = ("vi", "en")
LANGUAGE = "lang"
TEXTS = Path(__file__).parent / "texts"


class PageTexts(Domain):  # type: ignore[misc]  # flask-babel has no types
    """flask-babel's domain over the reader's language."""

    def get_translations(self) -> NullTranslations:
        return load(language())


def language() -> str:
    """The reader's: ``vi`` or ``en``."""
    return str(get_locale() or "vi")


def choose_language() -> str:
    """A click, then what this browser chose before, then what it asks for; Vietnamese first."""
    for chosen in (request.args.get(LANGUAGE), request.cookies.get(LANGUAGE)):
        if chosen in LANGUAGES:
            return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "vi"


@cache
def load(locale: str) -> NullTranslations:
    """Vietnamese needs no texts, it is the source."""
    if locale == "vi":
        return NullTranslations()
    compiled = io.BytesIO()
    with (TEXTS / f"{locale}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale))
    compiled.seek(0)
    return Translations(compiled)
