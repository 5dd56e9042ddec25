"""Every door of the pages, found in the app itself: a new one that is left open fails here."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.directory.person import ADMINISTRATOR, CITIZEN
from idp.web.session_cookie import _name as session_cookie_name
from tests.idp.people import Browser, enrol, form_token
from tests.idp.provider import Provider

# Posted to by programs and other sites, each with a proof of its own.
_NO_FORM_TOKEN = {
    "/token", "/introspect", "/revoke", "/par", "/device_authorization", "/userinfo", "/register",
    "/authorize", "/logout", "/transactions",
}  # fmt: skip
_FOR_PROGRAMS = ("/scim/v2", "/admin/v1", "/oauth2/")


def routes(provider: Provider, method: str) -> list[str]:
    values: dict[str, Any] = {"journey_id": "A" * 22, "name": "npsp", "client_id": "x", "token_id": "x"}
    adapter = provider.app.url_map.bind("sso.example.gov.vn")
    found = []
    for rule in provider.app.url_map.iter_rules():
        if method in (rule.methods or ()):
            known = {
                name: values.get(name) or next(iter(getattr(rule._converters[name], "items", ["x"])), "x")
                for name in rule.arguments
            }
            found.append(adapter.build(rule.endpoint, known, method=method))
    return found


def logged_in(
    provider: Provider, *, acr: str, kind: str = "official", roles: tuple[str, ...] = ()
) -> Browser:
    person = enrol(provider, kind=kind, roles=roles).person
    services = provider.app.extensions["idp"]
    _, cookie = services.sessions.start(
        person, acr=acr, amr=("pwd",), upstream="", identity_level="02", device="", address="",
        kiosk=False, now=int(provider.clock().timestamp()),
    )  # fmt: skip
    browser = Browser(provider)
    browser.client.set_cookie(session_cookie_name(services), cookie, domain="sso.example.gov.vn", secure=True)
    return browser


def test_no_form_is_taken_without_its_token(provider: Provider) -> None:
    browser = logged_in(provider, acr="LoA4", roles=(ADMINISTRATOR,))
    posts = [path for path in routes(provider, "POST") if path not in _NO_FORM_TOKEN]
    posts = [path for path in posts if not path.startswith(_FOR_PROGRAMS)]
    assert len(posts) > 25
    for path in posts:
        answer = browser.client.post(path, base_url=browser.base, data={"answer": "accept"})
        assert answer.status_code in (400, 405), (path, answer.status_code)


@pytest.mark.parametrize(
    ("who", "expected"),
    [("nobody", {303, 401}), ("citizen", {403}), ("official", {403}), ("administrator by password", {303})],
)
def test_no_page_of_administrators_opens_to_others(provider: Provider, who: str, expected: set[int]) -> None:
    browser = {
        "nobody": lambda: Browser(provider),
        "citizen": lambda: logged_in(provider, acr="LoA4", kind=CITIZEN),
        "official": lambda: logged_in(provider, acr="LoA4"),
        "administrator by password": lambda: logged_in(provider, acr="LoA2", roles=(ADMINISTRATOR,)),
    }[who]()
    pages = [
        path
        for path in routes(provider, "GET")
        if path.startswith(("/admin", "/integrators")) and not path.startswith(_FOR_PROGRAMS)
    ]
    assert len(pages) >= 4
    for path in pages:
        answer = browser.client.get(path, base_url=browser.base)
        assert_closed(answer, expected, path)
    form = {"csrf_token": form_token(browser.get("/kiosk"))}
    for path in routes(provider, "POST"):
        if path.startswith(("/admin", "/integrators")) and not path.startswith(_FOR_PROGRAMS):
            answer = browser.client.post(path, base_url=browser.base, data=form)
            assert_closed(answer, expected, path)


def assert_closed(answer: TestResponse, expected: set[int], path: str) -> None:
    assert answer.status_code in expected, (path, answer.status_code)
    # What was done answers 303 as well.
    assert answer.headers.get("Location", "/login/").startswith("/login/"), path


def test_no_resource_for_programs_opens_without_a_token(provider: Provider) -> None:
    browser = logged_in(provider, acr="LoA4", roles=(ADMINISTRATOR,))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for path in routes(provider, method):
            if path.startswith(("/scim/v2", "/admin/v1")):
                answer = browser.client.open(path, method=method, base_url=browser.base, json={})
                # RFC 7644 §4 lets everybody read what the service can do; so do the API's documents.
                told_to_all = (
                    "/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/openapi.json",
                )  # fmt: skip
                described = any(part in path for part in told_to_all)
                assert answer.status_code == 401 or (method == "GET" and described), (
                    method, path, answer.status_code,
                )  # fmt: skip
