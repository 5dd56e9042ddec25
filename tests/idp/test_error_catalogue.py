"""Every error that can leave this provider is in the catalogue, in both languages, with what to do."""

import re
from pathlib import Path

import orjson
import pytest

import idp
from idp.error_catalogue import ERRORS
from idp.protocol.authorize import errors as authorize_errors
from tests.idp.provider import Provider

SOURCES = [path.read_text("utf-8") for path in Path(idp.__file__).parent.rglob("*.py")]
# What a class answers with, and what pages and refusals are named by.
_CLASS = re.compile(r'^    error = "([a-z_]+)"', re.MULTILINE)
_CALLED = re.compile(
    r'\b(?:NotRedirectable|error_page|AuthorizationRefused|IdpError)\(\s*"([a-z][a-z_]+)"', re.MULTILINE
)


def raised() -> set[str]:
    found = {code for text in SOURCES for pattern in (_CLASS, _CALLED) for code in pattern.findall(text)}
    words = vars(authorize_errors).items()
    return found | {value for name, value in words if name.isupper() and isinstance(value, str)}


def test_every_code_that_is_raised_is_in_the_catalogue() -> None:
    codes = raised()
    assert len(codes) > 25
    assert codes - ERRORS.keys() == set()


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_entry_says_in_both_languages_what_to_do(code: str) -> None:
    entry = ERRORS[code]
    texts = [entry.vi, entry.en, entry.do_vi, entry.do_en]
    assert all(len(text) > 10 and text.endswith(".") for text in texts)
    assert len(set(texts)) == 4
    assert entry.en.isascii()
    assert entry.do_en.isascii()
    assert 400 <= entry.status < 600


def test_the_catalogue_is_a_page_and_json(provider: Provider) -> None:
    client = provider.client
    assert "Danh mục lỗi" in client.get("/errors", headers={"Accept": "text/html"}).text
    english = client.get("/errors?lang=en", headers={"Accept": "text/html"})
    assert "The client could not be authenticated." in english.text
    listed = client.get("/errors", headers={"Accept": "application/json"})
    assert {each["code"] for each in orjson.loads(listed.data)["errors"]} == set(ERRORS)
