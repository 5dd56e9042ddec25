"""The registration console and the error catalogue with a real browser, vi and en, wide and narrow."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from idp.directory.person import ADMINISTRATOR
from idp.protocol.client_metadata import BASELINE, ClientMetadata
from tests.browser.site import NARROW, WIDE, Site, check_page, visitor
from tests.idp.people import Enrolled

LOOKS = [("vi", WIDE), ("vi", NARROW), ("en", WIDE), ("en", NARROW)]


@pytest.fixture
def administrator(site: Site, official: Enrolled) -> str:
    """The cookie of an administrator's session with a passkey, as these pages ask for."""
    services, now = site.services, int(site.clock().timestamp())
    person = services.people.save(replace(official.person, roles=(ADMINISTRATOR,)), now)
    _, cookie = services.sessions.start(
        person, acr="LoA3", amr=("mfa", "swk", "user"), upstream="", identity_level="", device="", address="",
        kiosk=False, now=now,
    )  # fmt: skip
    return str(cookie)


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_an_administrator_looks_after_a_system(
    site: Site, chromium: Browser, administrator: str, language: str, width: int
) -> None:
    """A code is issued, a secret rotated, the system disabled."""
    until = int(site.clock().timestamp()) + 20 * 86400
    metadata = ClientMetadata(
        profile=BASELINE,
        profile_until=until,
        token_endpoint_auth_method="client_secret_basic",
        grant_types=("authorization_code",),
        redirect_uris=(
            "https://motcua-rat-dai.example.gov.vn/mot/duong/dan/that/dai/de/xem/co/tran/khong/cb",
        ),
    )
    client_id = site.provider.register(metadata=metadata).client_id
    with visitor(chromium, language=language, width=width) as page:
        page.context.add_cookies([{"name": "sid", "value": administrator, "url": site.base}])
        page.goto(f"{site.base}/integrators")
        check_page(page, f"integrators-{language}")
        page.fill("#label", "Sở Y tế MẪU")
        page.locator("form:has(#label) button").click()
        expect(page.locator("[role=alert] code")).to_contain_text("iat_")
        check_page(page, f"integrators-invited-{language}")
        page.goto(f"{site.base}/integrators/clients/{client_id}")
        expect(page.locator("main")).to_contain_text("baseline_ending")
        check_page(page, f"integrators-client-{language}")
        page.locator("form:has(#leaked) button").click()
        assert len(page.locator("[role=alert] code").inner_text()) == 43
        check_page(page, f"integrators-secret-{language}")
        page.locator("form[action$='/disable'] button").click()
        expect(page.locator("form[action$='/enable'] button")).to_be_visible()


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_an_administrator_tests_the_login_of_a_system(
    site: Site, chromium: Browser, administrator: str, language: str, width: int
) -> None:
    uri = "https://motcua-rat-dai.example.gov.vn/mot/duong/dan/that/dai/de/xem/co/tran/khong/login"
    redirect_uri = "https://motcua.example.gov.vn/callback"
    metadata = ClientMetadata(initiate_login_uri=uri, redirect_uris=(redirect_uri,))
    client_id = site.provider.register(metadata=metadata).client_id
    with visitor(chromium, language=language, width=width) as page:
        page.context.add_cookies([{"name": "sid", "value": administrator, "url": site.base}])
        page.goto(f"{site.base}/integrators/clients/{client_id}")
        page.locator(f"a[href$='/{client_id}/self-test']").click()
        check_page(page, f"self-test-{language}")
        page.locator("form[action$='/self-test'] button").click()
        expect(page.locator(f"a[href^='{uri}?iss=']")).to_be_visible()
        page.request.get(
            f"{site.base}/authorize?client_id={client_id}&redirect_uri={redirect_uri}", max_redirects=0
        )
        page.reload()
        expect(page.locator(".alert")).to_contain_text("invalid_request")
        expect(page.locator("#pushed")).to_contain_text("/par")
        check_page(page, f"self-test-running-{language}")
        page.locator("form[action$='/end'] button").click()
        expect(page.locator("h1")).to_have_text("Hệ thống MẪU")


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_the_error_catalogue_is_read_by_anybody(
    site: Site, chromium: Browser, language: str, width: int
) -> None:
    with visitor(chromium, language=language, width=width) as page:
        page.goto(f"{site.base}/errors#invalid_client")
        expect(page.locator("#invalid_client")).to_be_in_viewport()
        check_page(page, f"errors-{language}")
