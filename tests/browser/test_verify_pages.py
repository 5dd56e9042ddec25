"""Anybody checks a document with a real browser: narrow, English, by keyboard, without scripts."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from antin_verify.app import create_app
from antin_verify.settings import Settings
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import NARROW, SCREENSHOTS, WIDE, check_page, visitor
from tests.clients.verify.conftest import Signing, enrolled, issuer, listening, signing
from tests.servers.plain_pdf import make_pdf

__all__ = ["enrolled", "issuer", "signing"]

LOOKS = [("vi", WIDE), ("vi", NARROW), ("en", NARROW)]


@pytest.fixture(scope="module")
def address(signing: Signing, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, served."""
    settings = Settings(
        signing_service=signing.url, kept_dir=tmp_path_factory.mktemp("kept"), max_document=300_000
    )
    with (tmp_path_factory.mktemp("log") / "log").open("w") as log:
        app = create_app(settings, log=log)
        with listening(app) as url:
            # SubtleCrypto needs HTTPS or this name.
            yield url.replace("127.0.0.1", "localhost")
        app.extensions["antin-verify"].signing().close()


@pytest.fixture(scope="module")
def files(signing: Signing, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    valid = signing.document("B-LTA")
    twice = signing.sign(signing.document("B-B"), level="B-T")
    made = {
        "valid": valid,
        "twice": twice,
        "changed": twice.replace(b"(MAU)", b"(MEO)"),
        "unsigned": make_pdf(2),
        "damaged": b"%PDF-1.7\n" + b"x" * 900,
        "picture": b"\x89PNG\r\n\x1a\n" + b"0" * 900,
        "large": b"%PDF-1.7\n" + b"x" * 400_000,
    }
    folder = tmp_path_factory.mktemp("files")
    for name, content in made.items():
        (folder / f"{name}.pdf").write_bytes(content)
    return {name: folder / f"{name}.pdf" for name in made}


def check(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    page.set_input_files("#file", file)
    page.locator("#check button").click()
    page.wait_for_load_state()


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_every_page_of_it_is_for_everybody(
    chromium: Browser, address: str, files: dict[str, Path], language: str, width: int
) -> None:
    with visitor(chromium, language=language, width=width) as page:
        page.goto(address)
        check_page(page, f"verify-start-{language}")
        for name, outcome in (
            ("valid", "passed"), ("twice", "passed"), ("changed", "failed"), ("unsigned", "unsigned"),
            ("damaged", "open"),
        ):  # fmt: skip
            check(page, address, files[name])
            expect(page.locator(f".verdict.{outcome}")).to_be_visible()
            for details in page.locator("summary").all():
                details.click()
            check_page(page, f"verify-{name}-{language}")
        for name in ("picture", "large"):
            check(page, address, files[name])
            expect(page.get_by_role("alert")).to_be_visible()
            check_page(page, f"verify-{name}-{language}")
        page.goto(f"{address}/digests/{hashlib.sha256(files['valid'].read_bytes()).hexdigest()}")
        check_page(page, f"verify-digest-{language}")
        page.goto(f"{address}/digests/{'0' * 64}")
        check_page(page, f"verify-digest-unknown-{language}")
        page.goto(f"{address}/results/{'0' * 32}")
        check_page(page, f"verify-gone-{language}")


def test_the_keyboard_alone_is_enough(chromium: Browser, address: str, files: dict[str, Path]) -> None:
    with visitor(chromium) as page:
        # Playwright asks for choosers when the first listener comes, and does not wait for the answer: a key
        # pressed right after it may open one that nobody hears of.
        page.on("filechooser", lambda _chooser: None)
        page.goto(address)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator("#file")).to_be_focused()
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Space")
        chooser.value.set_files(files["valid"])
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".verdict.passed")).to_be_visible()


def test_without_scripts_everything_but_the_comfort_is_there(
    chromium: Browser, address: str, files: dict[str, Path]
) -> None:
    with visitor(chromium, javascript=False, width=NARROW) as page:
        page.goto(address)
        expect(page.locator(".local")).to_be_hidden()
        check(page, address, files["twice"])
        expect(page.locator(".verdict.passed")).to_be_visible()
        expect(page.locator("#print")).to_be_hidden()
        with page.expect_download() as download:
            page.locator("a[href$='/signed/1.pdf']").click()
        assert download.value.suggested_filename == "twice.ban-da-ky-1.pdf"
        page.get_by_role("button", name="Xóa ngay").click()
        expect(page.locator(".notice")).to_be_visible()
        page.fill("#digest", hashlib.sha256(files["twice"].read_bytes()).hexdigest())
        page.locator("#digest-form button").click()
        expect(page.locator(".verdict.noted")).to_be_visible()


def test_the_browser_computes_the_digest_and_sends_nothing_else(
    chromium: Browser, address: str, files: dict[str, Path]
) -> None:
    content = files["valid"].read_bytes()
    with visitor(chromium) as page:
        asked: list[str] = []
        bodies: list[Any] = []
        page.on("request", lambda request: (asked.append(request.url), bodies.append(request.post_data)))
        page.goto(address)
        page.set_input_files("#local-file", files["valid"])
        expect(page.locator("#digest")).to_have_value(hashlib.sha256(content).hexdigest())
        page.locator("#digest-form button").click()
        expect(page.locator(".verdict.noted")).to_be_visible()
        assert set(bodies) == {None}
        assert all(url.startswith((address, "data:")) for url in asked)


def test_a_file_that_is_dropped_into_the_frame_is_chosen(
    chromium: Browser, address: str, files: dict[str, Path]
) -> None:
    with visitor(chromium) as page:
        page.goto(address)
        transfer = page.evaluate_handle(
            """() => { const data = new DataTransfer();
                data.items.add(new File(["%PDF-1.7"], "keo-tha.pdf", {type: "application/pdf"}));
                return data; }"""
        )
        page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
        assert page.evaluate("document.getElementById('file').files[0].name") == "keo-tha.pdf"


def test_the_report_prints_on_paper_with_everything_open(
    chromium: Browser, address: str, files: dict[str, Path]
) -> None:
    with visitor(chromium) as page:
        check(page, address, files["valid"])
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        expect(page.locator("#print")).to_be_hidden()
        for line in page.locator(".print-only").all():
            expect(line).to_be_visible()
        expect(page.locator("details dl").first).to_be_visible()
        expect(page.locator("figure img")).to_be_visible()
        printed = page.pdf(format="A4", print_background=True)
        assert printed.startswith(b"%PDF-")
        if SCREENSHOTS:
            Path(SCREENSHOTS, "verify-print.pdf").write_bytes(printed)
