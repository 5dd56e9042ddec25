"""The pages of an authorization request with a real browser: consent, choice, errors, the posted form."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import NARROW, WIDE, Site, check_page, type_otp, type_password, visitor
from tests.idp.people import Enrolled
from tests.idp.relying_party import BASELINE, RelyingParty

LOOKS = [("vi", WIDE), ("vi", NARROW), ("en", WIDE), ("en", NARROW)]
CLAIMS = '{"userinfo":{"phone_number":{"essential":true},"address":null,"posts":null}}'


class _Callback(BaseHTTPRequestHandler):
    """A relying party of another origin, which shows what it got."""

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._show("posted " + " ".join(sorted(sent)))

    def do_GET(self) -> None:
        self._show("got " + " ".join(sorted(parse_qs(self.path.partition("?")[2]))))

    def log_message(self, *_: object) -> None:
        pass

    def _show(self, text: str) -> None:
        body = f"<!doctype html><title>x</title><p id=seen>{text}</p>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def callback() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Callback)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def rp(site: Site, callback: str) -> RelyingParty:
    metadata = replace(
        BASELINE,
        redirect_uris=(callback,),
        policy_uri="https://one-stop.example.gov.vn/policy",
        tos_uri="https://one-stop.example.gov.vn/terms",
    )
    return RelyingParty(site.provider, metadata)


def log_in(page: Page, site: Site, person: Enrolled, address: str) -> None:
    page.goto(address)
    type_password(page, person)
    type_otp(page, person, site)


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_a_person_reads_and_allows(
    chromium: Browser, site: Site, official: Enrolled, rp: RelyingParty, language: str, width: int
) -> None:
    with visitor(chromium, language=language, width=width) as page:
        log_in(page, site, official, rp.address(scope="openid profile email offline_access", claims=CLAIMS))
        check_page(page, f"consent-{language}")
        page.locator("input[name=claim]").first.uncheck()
        page.click(".consent-submit")
        expect(page.locator("#seen")).to_have_text("got code iss state")


def test_the_keyboard_alone_allows(
    chromium: Browser, site: Site, official: Enrolled, rp: RelyingParty
) -> None:
    with visitor(chromium) as page:
        log_in(page, site, official, rp.address())
        page.locator(".consent-submit").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#seen")).to_have_text("got code iss state")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_posted_answer_arrives_with_and_without_scripts(
    chromium: Browser, site: Site, official: Enrolled, rp: RelyingParty, javascript: bool
) -> None:
    with visitor(chromium, javascript=javascript) as page:
        log_in(page, site, official, rp.address(response_mode="form_post"))
        page.click(".consent-submit")
        if not javascript:
            check_page(page, "form-post", javascript=False)
            page.click("#answer button")
        expect(page.locator("#seen")).to_have_text("posted code iss state")


@pytest.mark.parametrize(("language", "width"), [("vi", NARROW), ("en", WIDE)])
def test_the_other_pages_are_pages_too(
    chromium: Browser, site: Site, official: Enrolled, rp: RelyingParty, language: str, width: int
) -> None:
    with visitor(chromium, language=language, width=width) as page:
        log_in(page, site, official, rp.address())
        consent = page.url
        page.click(".consent-submit")
        page.goto(rp.address(prompt="select_account"))
        check_page(page, f"account-choice-{language}")
        page.click(".account-continue")
        expect(page.locator("#seen")).to_have_text("got code iss state")
        for key in site.services.redis.scan_iter("idp:journey:*:answer"):
            site.services.redis.delete(key)
        page.goto(consent)
        check_page(page, f"arrived-{language}")
        for changes in ({"client_id": "unknown"}, {"redirect_uri": "https://evil.example/"}):
            page.goto(rp.address(**changes))
            check_page(page, f"refused-{'-'.join(changes)}-{language}")
        page.goto(f"{site.base}/authorize/resume/{'A' * 22}")
        check_page(page, f"over-{language}")
        page.goto(f"{site.base}/nowhere")
        check_page(page, f"nowhere-{language}")


def test_back_and_a_second_click_do_no_harm(
    chromium: Browser, site: Site, official: Enrolled, rp: RelyingParty
) -> None:
    with visitor(chromium) as page:
        log_in(page, site, official, rp.address())
        page.click(".consent-submit")
        expect(page.locator("#seen")).to_have_text("got code iss state")
        first = page.url
        page.go_back()
        page.wait_for_load_state()
        if page.locator(".consent-submit").count():
            page.click(".consent-submit")
            expect(page.locator("#seen")).to_have_text("got code iss state")
        assert page.url == first
