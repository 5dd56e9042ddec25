"""RFC 9700 at the authorization endpoint: redirectors, pollution, mix-up, injection, framing, HEAD, logs."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from tests.conformance.oidc.browser import Callback, Page
from tests.idp.provider import ISSUER, Provider
from tests.idp.relying_party import (
    FIRST_PARTY,
    REDIRECT_URI,
    RelyingParty,
    log_in,
    new_person,
    open_browser,
)
from tests.idp.software_keys import SoftwareKeys
from tests.servers.redis import RunningRedis

EVIL = "https://evil.example/callback"


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    return RelyingParty(provider, FIRST_PARTY)


def send(provider: Provider, pairs: list[tuple[str, str]], method: str = "GET") -> TestResponse:
    if method == "POST":
        form = urlencode(pairs)
        return provider.client.post(
            "/authorize", data=form, content_type="application/x-www-form-urlencoded", base_url=ISSUER
        )
    return provider.client.get(f"/authorize?{urlencode(pairs)}", base_url=ISSUER)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": None}, "client_id_missing"),
        ({"client_id": "unknown"}, "client_unknown"),
        ({"client_id": "x" * 300}, "client_unknown"),
        ({"client_id": "ế"}, "client_unknown"),
        ({"client_id": "x\x00y"}, "client_unknown"),
        ({"redirect_uri": None}, "redirect_uri_missing"),
        ({"redirect_uri": EVIL}, "redirect_uri_mismatch"),
        ({"redirect_uri": EVIL, "prompt": "none"}, "redirect_uri_mismatch"),
        ({"redirect_uri": EVIL, "response_type": "token"}, "redirect_uri_mismatch"),
        ({"redirect_uri": REDIRECT_URI + "/../x"}, "redirect_uri_mismatch"),
        ({"redirect_uri": EVIL, "request": "x.y.z"}, "redirect_uri_mismatch"),
        ({"redirect_uri": EVIL, "request_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"state": "s" * 5000}, "state_too_long"),
    ],
)
def test_what_is_not_surely_the_clients_address_gets_a_page(
    provider: Provider, rp: RelyingParty, method: str, changes: dict[str, Any], code: str
) -> None:
    """No open redirector: the person stays here, is told what to do, and the integrator what is wrong."""
    answer = send(provider, list(rp.parameters(**changes).items()), method)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert answer.content_type.startswith("text/html")
    assert f"<code>{code}</code>" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert '"https://evil.example' not in answer.text, "the page in the other language is all that leads on"
    assert "evil.example" not in answer.headers["Content-Security-Policy"]
    assert provider.events()[-1]["detail"] == code


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_repeated_parameter_is_refused_where_it_is_safe_to_say_so(
    provider: Provider, rp: RelyingParty, method: str
) -> None:
    """Parameter pollution: two parsers, two answers."""
    sound = list(rp.parameters().items())
    for name, value in (("scope", "openid email"), ("prompt", "none"), ("nonce", "x"), ("claims", "{}")):
        answer = send(provider, [*sound, (name, value), (name, value)], method)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(f"{REDIRECT_URI}?error=invalid_request&")
    for name, value in (("redirect_uri", EVIL), ("client_id", "x"), ("state", "x"), ("request", "a.b.c")):
        answer = send(provider, [*sound, (name, value), (name, value)], method)
        assert (answer.status_code, "parameter_repeated" in answer.text) == (400, True)


def test_a_form_with_an_address_full_of_parameters_is_refused(provider: Provider, rp: RelyingParty) -> None:
    answer = provider.client.post("/authorize?scope=openid", data=rp.parameters(), base_url=ISSUER)
    assert (answer.status_code, "form_malformed" in answer.text) == (400, True)
    text = provider.client.post(
        "/authorize", data=urlencode(rp.parameters()), content_type="text/plain", base_url=ISSUER
    )
    assert text.status_code == 400
    many = [(f"p{n}", "x") for n in range(100)]
    assert send(provider, [*rp.parameters().items(), *many]).status_code == 400


def test_whoever_asks_for_headers_only_gets_no_code(provider: Provider, rp: RelyingParty) -> None:
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    assert browser.http.head(rp.address()).status_code == 405
    assert browser.http.put(rp.address()).status_code == 405


def test_every_page_forbids_to_be_framed_and_sends_no_referrer(provider: Provider, rp: RelyingParty) -> None:
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    third_party = RelyingParty(provider)
    pages = [
        browser.open(third_party.address()),
        browser.open(rp.address(prompt="select_account")),
        browser.open(rp.address(redirect_uri=EVIL)),
        open_browser(provider).open(rp.address()),
    ]
    for page in pages:
        assert isinstance(page, Page)
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"


def test_state_and_hints_cannot_write_on_the_form_post_page(provider: Provider, rp: RelyingParty) -> None:
    evil = '"><form action="https://evil.example"><input name=code>'
    answer = provider.client.get(
        rp.address(response_mode="form_post", prompt="none", state=evil), base_url=ISSUER
    )
    assert 'action="https://evil.example"' not in answer.text
    assert answer.text.count("<form") == 1
    assert "evil.example" not in answer.headers["Content-Security-Policy"]


def test_line_breaks_stay_out_of_headers(provider: Provider, rp: RelyingParty) -> None:
    answer = provider.client.get(
        rp.address(prompt="none", state="x\r\nSet-Cookie: sid=evil"), base_url=ISSUER
    )
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    assert "%0D%0ASet-Cookie" in answer.headers["Location"]


def test_the_answer_of_one_provider_is_not_taken_for_anothers(provider: Provider, rp: RelyingParty) -> None:
    """Mix-up (RFC 9207): the issuer stands in what a client gets, whether it went well or not."""
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    for changes in ({}, {"prompt": "none login"}, {"response_type": "token"}, {"scope": "unknown"}):
        answer = browser.open(rp.address(**changes))
        assert isinstance(answer, Callback)
        assert answer.params["iss"] == ISSUER


def test_neither_code_nor_parameter_stands_in_the_log(provider: Provider, rp: RelyingParty) -> None:
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    answer = browser.open(rp.address(state="secret-state", login_hint="secret-hint", nonce="secret-nonce"))
    assert isinstance(answer, Callback)
    pushed = rp.push(state="secret-state").json["request_uri"]
    browser.open(rp.address_of(pushed))
    logged = provider.log.getvalue().decode()
    for secret in (answer.params["code"], "secret-", pushed):
        assert secret not in logged
    assert rp.client_id in logged


def test_without_redis_the_person_is_told_to_wait(
    tmp_path: Path, shared_keys: SoftwareKeys, own_redis: RunningRedis
) -> None:
    provider = Provider(tmp_path, redis_url=own_redis.url, key_process=shared_keys.target)
    rp = RelyingParty(provider, FIRST_PARTY)
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    own_redis.stop()
    for answer in (browser.open(rp.address()), browser.open(f"{ISSUER}/authorize/resume/{'A' * 22}")):
        assert isinstance(answer, Page)
        assert answer.status == 503
        assert "retry-after" in answer.headers
        assert "Hệ thống đang bận" in answer.text
    assert rp.push().status_code == 503


def test_without_the_key_process_a_signed_answer_is_not_sent_unsigned(
    tmp_path: Path, own_keys: SoftwareKeys, redis_url: str
) -> None:
    provider = Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target)
    rp = RelyingParty(provider, FIRST_PARTY)
    browser = open_browser(provider)
    log_in(provider, browser, new_person(provider))
    own_keys.stop()
    answer = browser.open(rp.address(response_mode="jwt"))
    assert isinstance(answer, Page)
    assert answer.status == 503
