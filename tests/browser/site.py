"""A served identity provider and a person's browser: Debian's Chromium, driven by Playwright."""

import logging
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.idp.people import Enrolled
from tests.idp.provider import Provider
from tests.servers.upstreams import RunningUpstreams

CHROMIUM = Path("/usr/bin/chromium")
NARROW, WIDE = 360, 1280
# Set to a folder to look at every page that a test checked.
SCREENSHOTS = os.environ.get("ANTIN_SCREENSHOTS", "")
_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


class WallClock:
    """The browser's time is the real one, so the provider's is too. ``ahead``: seconds that passed since."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.ahead, UTC)

    def pass_(self, *, seconds: float) -> None:
        self.ahead += seconds


class Site:
    """A provider at ``http://localhost:<port>``: passkeys work there, at an address of digits they do not."""

    def __init__(
        self, folder: Path, *, redis_url: str, key_process: str, upstreams: RunningUpstreams
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.base = f"http://localhost:{port}"
        self.provider = Provider(
            folder,
            redis_url=redis_url,
            key_process=key_process,
            issuer=self.base,
            upstreams_file=upstreams.file,
        )
        self.clock = WallClock()
        # The services that pages call were built with the provider's own clock object.
        self.provider.clock.__class__ = _Following
        self.provider.clock.wall = self.clock  # type: ignore[attr-defined]
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server("127.0.0.1", port, self.provider.app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def services(self) -> Any:
        return self.provider.app.extensions["idp"]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def visitor(
    chromium: Browser, *, language: str = "vi", width: int = WIDE, javascript: bool = True
) -> Iterator[Page]:
    """One person's browser. A script error or a refused script (CSP) fails the test."""
    context: BrowserContext = chromium.new_context(
        locale={"vi": "vi-VN", "en": "en-US"}[language],
        viewport={"width": width, "height": 800},
        java_script_enabled=javascript,
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
    )
    try:
        yield page
        assert wrong == []
    finally:
        context.close()


def virtual_authenticator(page: Page, *, synced: bool = False) -> Any:
    """A platform authenticator of this page, whose owner always says yes (CDP WebAuthn)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "defaultBackupEligibility": synced,
        "defaultBackupState": synced,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def check_page(page: Page, name: str, *, javascript: bool = True) -> None:
    """Accessible (axe, WCAG 2.2 AA), nothing to scroll sideways for, in one language, one heading."""
    page.wait_for_load_state()
    if SCREENSHOTS:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{SCREENSHOTS}/{name}-{width}.png", full_page=True)
    if not javascript:
        return
    result = Axe().run(page, options=_RULES)
    assert result.violations_count == 0, result.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    assert page.locator("h1").count() == 1
    if page.locator("html").get_attribute("lang") == "en":
        # Names of people and of the product stay as they are, and what says so of itself.
        said = page.evaluate(
            "() => { const main = document.querySelector('main').cloneNode(true);"
            "main.querySelectorAll('[translate=no]').forEach((name) => name.remove());"
            "return main.innerText; }"
        )
        text = re.sub(r"Ấn Tín|Tiếng Việt|\S*\s*\S*\s*\S*\s*MẪU", "", said)
        assert not re.search(r"[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", text), text


def type_password(page: Page, person: Enrolled) -> None:
    page.fill("#username", person.username)
    page.fill("#password", person.password)
    page.locator("form:has(#password) .login-submit").click()


def type_otp(page: Page, person: Enrolled, site: Site) -> None:
    page.fill("#otp", person.otp(site.provider))
    page.locator("form:has(#otp) .login-submit").click()


class _Following:
    """The provider's clock, following the wall."""

    wall: WallClock

    def __call__(self) -> datetime:
        return self.wall()

    def pass_(self, **delta: float) -> None:
        self.wall.pass_(seconds=delta["seconds"])


def need_chromium() -> None:
    if not CHROMIUM.exists():
        pytest.fail("No /usr/bin/chromium: install the Debian package `chromium`.", pytrace=False)
