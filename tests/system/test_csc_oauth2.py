"""CSC oauth2/authorize, from a foreign system's link to its signature: login here, approval there.

The whole of it with the running services; the approval once over HTTP and once by a real browser with a
virtual authenticator.
"""

import base64
import re
import secrets
import time
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from playwright.sync_api import sync_playwright

from tests.browser.site import CHROMIUM, check_page, need_chromium
from tests.conformance.oidc.browser import Page
from tests.servers.csc_office import (
    CALLBACK,
    ES256,
    PASSWORD,
    SHA256,
    Office,
    arrived,
    authenticator,
    digest,
    office,
)

__all__ = ["office"]


def check_signature(office: Office, token: str, signature: str, document: str) -> None:
    told = office.call("credentials/info", token, credentialID=office.credential_id, certificates="single")
    certificate = x509.load_der_x509_certificate(base64.b64decode(told.json()["cert"]["certificates"][0]))
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(base64.b64decode(signature), digest(document), ec.ECDSA(Prehashed(hashes.SHA256())))


def test_a_foreign_system_has_a_person_sign_after_login_and_approval(office: Office) -> None:
    browser = office.browser()
    with browser.http:
        # 1 scope service: which credentials the person has
        back = arrived(office.walk(browser, browser.open(office.authorization(scope="service"))))
        service = office.token(back.params["code"])["access_token"]
        told = office.call("credentials/list", service).json()
        assert told.get("credentialIDs") == [office.credential_id], told
        # 2 scope credential: the browser stops at the signing service's page
        page = office.walk(browser, browser.open(office.to_sign("một")))
        assert isinstance(page, Page)
        assert page.url.startswith(office.stack.approval_url)
        assert "Văn bản điện tử MẪU" in page.text
        assert "Quyết định số 12 MẪU" in page.text
        # 3 the passkey approves exactly this
        found = re.search(r'data-digest="([0-9a-f]{64})"', page.text)
        assert found
        response = office.passkey.sign_challenge(bytes.fromhex(found.group(1)))
        answer = browser.http.post(page.url, json={"response": response})
        assert answer.status_code == 200, answer.text
        back = arrived(office.walk(browser, browser.open(answer.json()["next"])))
        told = office.token(back.params["code"])
    # 4 the token is the SAD
    assert told["token_type"] == "SAD"
    assert told["credentialID"] == office.credential_id
    asked = {"credentialID": office.credential_id, "hashAlgo": SHA256, "signAlgo": ES256}
    listed = [base64.b64encode(digest("một")).decode()]
    signed = office.call("signatures/signHash", service, SAD=told["access_token"], hash=listed, **asked)
    assert signed.status_code == 200, signed.text
    check_signature(office, service, signed.json()["signatures"][0], "một")
    again = office.call("signatures/signHash", service, SAD=told["access_token"], hash=listed, **asked)
    assert again.status_code == 400
    other = [base64.b64encode(digest("khác")).decode()]
    refused = office.call("signatures/signHash", service, SAD=told["access_token"], hash=other, **asked)
    assert refused.status_code == 400


def test_who_says_no_sends_the_system_away_with_nothing(office: Office) -> None:
    browser = office.browser()
    with browser.http:
        page = office.walk(browser, browser.open(office.to_sign("hai")))
        assert isinstance(page, Page)
        at = browser.post(page.url, {"decision": "reject"})
        assert arrived(office.walk(browser, at)).params["error"] == "access_denied"


def test_a_bearer_token_is_given_back_by_auth_revoke(office: Office) -> None:
    answer = httpx.post(
        f"{office.stack.base_url}/csc/v1/auth/login", json={}, auth=(office.client_id, office.secret),
        timeout=20, trust_env=False,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    assert office.call("credentials/list", token).status_code == 200
    assert office.call("auth/revoke", token, token=token).status_code == 204


def test_a_person_approves_in_a_real_browser(office: Office) -> None:
    """Chromium with a virtual authenticator that holds the enrolled passkey."""
    need_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        context = chromium.new_context(viewport={"width": 360, "height": 800}, locale="vi-VN")
        page = context.new_page()
        authenticator(context, page, office)
        ended: list[str] = []
        page.route(f"{CALLBACK}*", lambda route: (ended.append(route.request.url), route.fulfill(body="MẪU")))
        page.goto(office.to_sign("ba"))
        page.fill("[name=username]", office.username)
        page.fill("[name=password]", PASSWORD)
        page.click("button.login-submit")
        page.wait_for_selector("#passkey", state="visible")
        check_page(page, "approval")
        # At an address of digits no passkey works: that is not the network's fault.
        elsewhere = context.new_page()
        elsewhere.goto(page.url.replace("//localhost:", "//127.0.0.1:"))
        elsewhere.click("#passkey")
        elsewhere.wait_for_selector("#refused >> text=không dùng được khóa truy cập ở địa chỉ này")
        elsewhere.close()
        page.click("#passkey")
        until = time.monotonic() + 60
        while not ended and time.monotonic() < until:
            page.wait_for_timeout(100)
        # Of its own, for the first page is still on its way to the system.
        over = context.new_page()
        over.goto(f"{office.stack.approval_url}/approvals/{secrets.token_urlsafe(32)}")
        check_page(over, "approval-over")
        chromium.close()
    assert ended, "the browser did not come back to the system"
    code = parse_qs(urlsplit(ended[0]).query)["code"][0]
    assert office.token(code)["token_type"] == "SAD"
