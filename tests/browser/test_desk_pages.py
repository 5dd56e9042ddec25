"""The desk in a real browser: logging in and out, at 360 pixels, by keyboard, without scripts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.site import NARROW, WIDE, Site, check_page, type_otp, type_password, visitor
from tests.idp.people import Enrolled
from tests.servers.desk import RunningDesk


@pytest.fixture(scope="module")
def desk(site: Site, tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[RunningDesk]:
    folder = tmp_path_factory.mktemp("desk")
    running = RunningDesk(folder, site.services, redis_url=redis_url, resource="http://127.0.0.1:8082")
    yield running
    running.stop()


def log_in(page: Page, desk: RunningDesk, site: Site, person: Enrolled) -> None:
    page.goto(f"{desk.base}/login")
    type_password(page, person)
    type_otp(page, person, site)
    page.wait_for_url(f"{desk.base}/")


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_can_be_used_by_everybody(
    chromium: Browser, desk: RunningDesk, site: Site, official: Enrolled, width: int, language: str
) -> None:
    with visitor(chromium, language=language, width=width) as page:
        page.goto(desk.base)
        check_page(page, f"desk-welcome-{language}")
        page.goto(f"{desk.base}/khong-co")
        check_page(page, f"desk-error-{language}")
        log_in(page, desk, site, official)
        check_page(page, f"desk-home-{language}")
        # One click: the page in between sends itself on.
        page.click(".who button")
        page.wait_for_url(f"{desk.base}/logged-out*")
        check_page(page, f"desk-logged-out-{language}")
        page.goto(f"{desk.base}/login")
        assert page.url.startswith(site.base)


def test_without_scripts_one_logs_in_and_out(
    chromium: Browser, desk: RunningDesk, site: Site, official: Enrolled
) -> None:
    with visitor(chromium, width=NARROW, javascript=False) as page:
        log_in(page, desk, site, official)
        page.click(".who button")
        check_page(page, "desk-logout", javascript=False)
        page.click("#logout-everywhere button")
        page.wait_for_url(f"{desk.base}/logged-out*")


def test_the_keyboard_reaches_the_login_first_past_the_language(chromium: Browser, desk: RunningDesk) -> None:
    with visitor(chromium) as page:
        page.goto(desk.base)
        reached = []
        for _ in range(4):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert reached == ["Đến nội dung chính", "Bàn ký số", "English", "Đăng nhập"]
