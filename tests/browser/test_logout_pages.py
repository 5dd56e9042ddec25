"""Logging out with a real browser, and the board of deliveries: narrow, in English, without scripts."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from idp.protocol.client_metadata import ClientMetadata
from idp.services import Services
from idp.store.logout_deliveries import DEAD, queue_deliveries
from tests.browser.site import NARROW, WIDE, Site, check_page, type_otp, type_password, visitor
from tests.idp.people import Enrolled, enrol

LOOKS = [("vi", WIDE), ("vi", NARROW), ("en", WIDE), ("en", NARROW)]


def services_of(site: Site) -> Services:
    found: Services = site.provider.app.extensions["idp"]
    return found


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_a_person_logs_out_and_sees_which_services_know(
    chromium: Browser, site: Site, official: Enrolled, language: str, width: int
) -> None:
    services = services_of(site)
    site.provider.register("tell", metadata=ClientMetadata(backchannel_logout_uri="https://127.0.0.1:9/out"))
    site.provider.register("quiet")
    with visitor(chromium, language=language, width=width) as page:
        page.goto(f"{site.base}/account")
        type_password(page, official)
        type_otp(page, official, site)
        expect(page).to_have_url(f"{site.base}/account")
        now = int(site.provider.clock().timestamp())
        (session,) = services.sessions.of_person(official.person.person_id, now)
        for client_id in ("tell", "quiet"):
            services.sessions.join(session.session_id, client_id, now)
        page.goto(f"{site.base}/logout")
        check_page(page, f"logout-{language}")
        page.locator(".logout-confirm").click()
        expect(page).to_have_url(f"{site.base}/logout/done")
        check_page(page, f"logged-out-{language}")
        assert page.locator("main li").count() == 2
        assert services.sessions.of_person(official.person.person_id, now) == []
        page.goto(f"{site.base}/account")
        expect(page.locator("#username")).to_be_visible()


def test_logging_out_needs_no_script(chromium: Browser, site: Site, official: Enrolled) -> None:
    with visitor(chromium, javascript=False) as page:
        page.goto(f"{site.base}/account")
        type_password(page, official)
        type_otp(page, official, site)
        page.goto(f"{site.base}/logout")
        page.locator(".logout-confirm").click()
        expect(page).to_have_url(f"{site.base}/logout/done")


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_an_administrator_reads_the_delivery_board(
    chromium: Browser, site: Site, language: str, width: int
) -> None:
    services = services_of(site)
    admin = enrol(site.provider, roles=("administrator",))
    site.provider.register("tell", metadata=ClientMetadata(backchannel_logout_uri="https://127.0.0.1:9/out"))
    now = int(site.provider.clock().timestamp())
    with services.database.writing() as connection:
        queue_deliveries(connection, f"board-{language}-{width}", "x", [("tell", "https://x/")], now)
    for held in services.logout.deliveries.claim(now=now, lease=60, limit=8):
        services.logout.deliveries.finish(held, state=DEAD, error="connect", now=now)
    with visitor(chromium, language=language, width=width) as page:
        # How administrators log in, by passkey, is tried in test_login_pages.py.
        _, cookie = services.sessions.start(
            admin.person, acr="LoA3", amr=("hwk", "user"), upstream="", identity_level="02", device="",
            address="", kiosk=False, now=int(site.provider.clock().timestamp()),
        )  # fmt: skip
        page.context.add_cookies([{"name": "sid", "value": cookie, "url": site.base}])
        page.goto(f"{site.base}/admin/logout-deliveries")
        expect(page).to_have_url(f"{site.base}/admin/logout-deliveries")
        check_page(page, f"board-{language}")
        page.locator("main form button").first.click()
        expect(page.get_by_role("status")).to_be_visible()
        check_page(page, f"board-tried-{language}")


def test_who_logs_out_is_out_at_three_relying_parties(
    chromium: Browser, site: Site, official: Enrolled
) -> None:
    """One login opens three systems, one logout closes them all: prompt=none fails everywhere afterwards."""
    systems = [f"https://he-thong-{n}.example.gov.vn/cb" for n in range(3)]
    clients = [
        site.provider.register(
            metadata=ClientMetadata(
                profile="baseline", profile_until=4_000_000_000, first_party=True, redirect_uris=(uri,),
                grant_types=("authorization_code",),
            ),
            scopes=("openid",),
        ).client_id
        for uri in systems
    ]  # fmt: skip

    def ask(number: int, **more: str) -> str:
        sent = {
            "client_id": clients[number], "redirect_uri": systems[number], "response_type": "code",
            "scope": "openid", "state": str(number), **more,
        }  # fmt: skip
        return f"{site.base}/authorize?{urlencode(sent)}"

    with visitor(chromium) as page:

        def answer_to(address: str) -> str:
            """Where this browser is sent, by its cookies."""
            return page.request.get(address, max_redirects=0).headers["location"]

        page.route("https://he-thong-*/**", lambda route: route.fulfill(body="MẪU"))
        page.goto(ask(0))
        type_password(page, official)
        type_otp(page, official, site)
        expect(page).to_have_url(re.compile(r"^https://he-thong-0\S+code="))
        for number in (1, 2):
            assert "code=" in answer_to(ask(number))
        page.goto(f"{site.base}/logout")
        page.locator(".logout-confirm").click()
        expect(page).to_have_url(f"{site.base}/logout/done")
        assert page.locator("main li").count() == 3
        for number in range(3):
            assert "error=login_required" in answer_to(ask(number, prompt="none"))
