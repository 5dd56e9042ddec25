"""A person takes documents out of what a foreign system asked for, in a real browser."""

import base64
import time
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import sync_playwright

from tests.browser.site import CHROMIUM, check_page, need_chromium
from tests.servers.csc_office import CALLBACK, ES256, PASSWORD, SHA256, Office, authenticator, digest, office

__all__ = ["office"]


def test_a_person_leaves_documents_out_in_a_real_browser(office: Office) -> None:
    """The passkey approves the rest; the system is told, and gets no signature of what was left out."""
    need_chromium()
    names = [f"văn bản {number}" for number in range(120)]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = chromium.new_context(viewport={"width": 360, "height": 800}, locale="vi-VN").new_page()
        authenticator(page.context, page, office)
        ended: list[str] = []
        page.route(f"{CALLBACK}*", lambda route: (ended.append(route.request.url), route.fulfill(body="MẪU")))
        page.goto(office.to_sign(*names))
        page.fill("[name=username]", office.username)
        page.fill("[name=password]", PASSWORD)
        page.click("button.login-submit")
        page.wait_for_selector("#passkey", state="visible")
        asked_for = page.inner_text("#digest")
        page.click("button[value=none]")
        assert page.inner_text("#count") == "0"
        page.click("#passkey")
        page.wait_for_selector("#refused >> text=Chưa chọn văn bản nào")
        page.click("button[value=all]")
        page.uncheck("input[name=keep][value='1']")
        page.click("summary >> nth=1")  # the second hundred is folded
        page.uncheck("input[name=keep][value='101']")
        assert page.inner_text("#count") == "118"
        assert page.is_visible("#stale")
        # Chosen on the server, as without JavaScript: the digest of the rest is shown.
        page.click("button[value=choose]")
        page.wait_for_selector("#stale", state="hidden")
        assert page.inner_text("#count") == "118"
        assert page.inner_text("#digest") not in ("", asked_for)
        assert not page.is_checked("input[name=keep][value='101']")
        check_page(page, "approval-choice")
        page.click("#passkey")
        until = time.monotonic() + 60
        while not ended and time.monotonic() < until:
            page.wait_for_timeout(100)
        chromium.close()
    assert ended, "the browser did not come back to the system"
    told = office.token(parse_qs(urlsplit(ended[0]).query)["code"][0])
    assert told["authorization_details"][0]["numSignatures"] == 118
    assert told["authorization_details"][0]["leftOut"] == "2,102"
    asked = {"credentialID": office.credential_id, "hashAlgo": SHA256, "signAlgo": ES256}
    for name, status in (("văn bản 1", 400), ("văn bản 101", 400), ("văn bản 0", 200), ("văn bản 119", 200)):
        listed = [base64.b64encode(digest(name)).decode()]
        answer = office.call(
            "signatures/signHash", told["access_token"], "v2", hashes=listed, **asked, hashAlgorithmOID=SHA256
        )
        assert answer.status_code == status, answer.text
        if status == 400:
            assert answer.json() == {
                "error": "invalid_request", "error_description": "Hash is not authorized by the SAD",
            }  # fmt: skip
