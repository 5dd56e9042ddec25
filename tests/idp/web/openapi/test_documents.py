"""The OpenAPI documents of /admin/v1 and /scim/v2 say what the app does."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from idp.error_catalogue import ERRORS
from tests.idp.provider import ISSUER, Provider

METHODS = ("get", "post", "put", "patch", "delete")
_CHOICE = re.compile(r"<any\(([^)]*)\):\w+>")
_NAMED = re.compile(r"<(?:path:)?\w+>")


def document(provider: Provider, base: str) -> dict[str, Any]:
    found: dict[str, Any] = provider.client.get(f"{base}/openapi.json").json
    return found


def operations(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (method, re.sub(r"\{\w+\}", "{}", path)) for path, item in found["paths"].items() for method in item
    }


def spelt_out(rule: str) -> Iterator[str]:
    """``/<any(a, b):x>`` is two paths."""
    choice = _CHOICE.search(rule)
    if choice is None:
        yield _NAMED.sub("{}", rule)
        return
    for each in choice[1].split(","):
        yield from spelt_out(rule.replace(choice[0], each.strip()))


@pytest.mark.parametrize("base", ["/admin/v1", "/scim/v2"])
def test_the_document_is_valid_and_names_every_route_and_no_other(provider: Provider, base: str) -> None:
    found = document(provider, base)
    validate(found)
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": ISSUER}]
    routes = {
        (method.lower(), path)
        for rule in provider.app.url_map.iter_rules()
        if rule.rule.startswith(f"{base}/") and not rule.rule.endswith(("openapi.json", "<path:unknown>"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for path in spelt_out(rule.rule)
    }
    assert operations(found) == routes


@pytest.mark.parametrize("base", ["/admin/v1", "/scim/v2"])
def test_what_the_document_does_not_offer_is_refused_in_the_words_of_the_api(
    provider: Provider, base: str
) -> None:
    found = document(provider, base)
    media = "application/problem+json" if base == "/admin/v1" else "application/scim+json"
    for path, item in found["paths"].items():
        for method in set(METHODS) - item.keys():
            answer = provider.client.open(path.replace("{", "").replace("}", ""), method=method.upper())
            # In SCIM anything is the id of something until one may look: .search too.
            assert answer.status_code in ((405,) if base == "/admin/v1" else (401, 405)), (method, path)
            assert answer.content_type == media, (method, path)


@pytest.mark.parametrize("base", ["/admin/v1", "/scim/v2"])
def test_without_a_token_only_what_is_said_to_be_public_answers(provider: Provider, base: str) -> None:
    for path, item in document(provider, base)["paths"].items():
        for method, operation in item.items():
            answer = provider.client.open(path.replace("{", "").replace("}", ""), method=method.upper())
            public = operation.get("security") == []
            assert (answer.status_code == 401) != public, (method, path)


def test_an_address_that_is_not_there_is_a_problem(provider: Provider) -> None:
    answer = provider.client.get("/admin/v1/clients/a/b/c")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.json["code"] in ERRORS
