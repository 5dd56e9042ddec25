"""An official signs at the desk, in Chromium with a virtual authenticator: three actions to signed."""

import pyotp
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.site import NARROW, WIDE, check_page, visitor
from tests.clients.desk.office import desk, office, province
from tests.servers.csc_office import PASSWORD, Office, authenticator
from tests.servers.desk import RunningDesk
from tests.servers.plain_pdf import make_pdf

__all__ = ["desk", "office", "province"]

SIGNED_WITHIN = 60_000


def log_in(page: Page, desk: RunningDesk, office: Office) -> None:
    page.goto(f"{desk.base}/login")
    page.fill("[name=username]", office.username)
    page.fill("[name=password]", PASSWORD)
    page.click("button.login-submit")
    page.wait_for_url(f"{desk.base}/")


def upload(page: Page, desk: RunningDesk, *names: str) -> None:
    page.goto(f"{desk.base}/upload")
    page.set_input_files(
        "#files",
        [
            {"name": f"{name}.pdf", "mimeType": "application/pdf", "buffer": make_pdf(2) + name.encode()}
            for name in names
        ],
    )
    page.locator("main form button").click()
    page.wait_for_url(f"{desk.base}/")


@pytest.mark.parametrize(("width", "language"), [(NARROW, "vi"), (WIDE, "en")])
def test_three_actions_from_the_list_to_the_signed_document(
    chromium: Browser, desk: RunningDesk, office: Office, width: int, language: str
) -> None:
    with visitor(chromium, language=language, width=width) as page:
        authenticator(page.context, page, office)
        log_in(page, desk, office)
        check_page(page, f"desk-empty-{language}")
        page.goto(f"{desk.base}/upload")
        check_page(page, f"desk-upload-{language}")
        page.goto(f"{desk.base}/my-keys")
        page.wait_for_selector("dl")
        check_page(page, f"desk-my-keys-{language}")
        page.goto(f"{desk.base}/upload")
        upload(page, desk, "Decision 12")
        check_page(page, f"desk-inbox-{language}")
        # 1
        page.click("text=Decision 12")
        picture = page.locator(".sheet img").first
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 600
        check_page(page, f"desk-document-{language}")
        # 2
        page.click("form.act button")
        # 3
        page.wait_for_selector("#passkey", state="visible")
        page.click("#passkey")
        page.wait_for_url(f"{desk.base}/batches/*", timeout=SIGNED_WITHIN)
        page.wait_for_selector("progress[value='1']", timeout=SIGNED_WITHIN)
        check_page(page, f"desk-signed-{language}")
        page.click("text=Decision 12")
        check_page(page, f"desk-done-{language}")
        page.locator("form[action$='/verify'] button").click()
        page.wait_for_selector("p.done")
        check_page(page, f"desk-verdict-{language}")


def test_many_by_keyboard_and_one_touch(chromium: Browser, desk: RunningDesk, office: Office) -> None:
    with visitor(chromium, width=NARROW) as page:
        authenticator(page.context, page, office)
        log_in(page, desk, office)
        upload(page, desk, "Giấy mời 1", "Giấy mời 2", "Giấy mời 3")
        for box in page.locator("input[name=documents]").all():
            box.focus()
            page.keyboard.press("Space")
        button = page.locator("form[action='/sign'] button")
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#passkey", state="visible")
        page.click("#passkey")
        page.wait_for_url(f"{desk.base}/batches/*", timeout=SIGNED_WITHIN)
        page.reload()
        page.wait_for_selector("progress[value='3']", timeout=SIGNED_WITHIN)
        check_page(page, "desk-batch")


def test_without_scripts_one_uploads_and_reads(chromium: Browser, desk: RunningDesk, office: Office) -> None:
    with visitor(chromium, width=NARROW, javascript=False) as page:
        log_in(page, desk, office)
        upload(page, desk, "Tờ trình")
        page.click("text=Tờ trình")
        page.wait_for_selector(".sheet img")
        check_page(page, "desk-document-plain", javascript=False)


def test_without_scripts_one_signs_by_pin_and_one_time_password(
    chromium: Browser, desk: RunningDesk, office: Office
) -> None:
    """The form's way back leads over two other origins, which the page's policy must let through."""
    with visitor(chromium, width=NARROW, javascript=False) as page:
        log_in(page, desk, office)
        cookie = next(each["value"] for each in page.context.cookies() if each["name"] == "desk")
        kept = desk.services.sessions.find(cookie)
        assert kept
        handed = office.stack.key_process.perform("set_pin_otp", {"person_id": kept["person"]["subject"]})
        totp = pyotp.parse_uri(handed["otpauth"])
        assert isinstance(totp, pyotp.TOTP)
        upload(page, desk, "Tờ trình")
        page.click("text=Tờ trình")
        page.click("form.act button")
        # A slip of the finger first: the form is there again, and says so.
        page.fill("#pin", handed["pin"][::-1] + "0")
        page.fill("#otp", "000000")
        page.locator("button[value=approve]:visible").click()
        page.wait_for_selector("[role=alert]:has-text('PIN hoặc mã một lần không đúng')")
        check_page(page, "desk-wrong-pin", javascript=False)
        page.fill("#pin", handed["pin"])
        page.fill("#otp", totp.now())
        page.locator("button[value=approve]:visible").click()
        page.wait_for_url(f"{desk.base}/batches/*", timeout=SIGNED_WITHIN)
        page.wait_for_selector("progress[value='1']", timeout=SIGNED_WITHIN)
