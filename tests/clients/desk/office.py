"""An official with a key and a passkey at a desk, on the running services. Import the fixtures."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from idp.services import Services
from tests.clients.desk.conftest import form_token
from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.servers import csc_office
from tests.servers.csc_office import Office, office
from tests.servers.desk import RunningDesk
from tests.servers.plain_pdf import make_pdf
from tests.servers.stack import Stack

__all__ = ["office"]


@dataclass
class Official:
    """Two browsers that a person would have as one: ``http`` at the desk, ``browser`` at the others."""

    desk: RunningDesk
    office: Office
    http: httpx.Client
    browser: Browser

    def log_in(self) -> None:
        back = self.arrive(self.http.get("/login").headers["Location"])
        assert self.http.get(back).headers["Location"] == "/"

    def arrive(self, address: str) -> str:
        """Through login and approval, back to the desk: the address."""
        at = self.office.walk(self.browser, self.browser.open(address))
        if isinstance(at, Page):
            at = self.office.walk(self.browser, self.approve(at))
        return self._back(at)

    def approve(self, page: Page) -> Page | Callback:
        """One touch of the passkey."""
        digest = re.search(r'data-digest="([0-9a-f]{64})"', page.text)
        assert digest, page.text
        response = self.office.passkey.sign_challenge(bytes.fromhex(digest.group(1)))
        answer = self.browser.http.post(page.url, json={"response": response})
        assert answer.status_code == 200, answer.text
        return self.browser.open(answer.json()["next"])

    def refuse(self, address: str) -> str:
        at = self.office.walk(self.browser, self.browser.open(address))
        assert isinstance(at, Page)
        return self._back(self.office.walk(self.browser, self.browser.post(at.url, {"decision": "reject"})))

    def _back(self, at: Page | Callback) -> str:
        assert isinstance(at, Callback), f"{at.url}\n{at.text[-2000:]}"
        path = "/callback" if "/callback" in at.url else "/approved"
        return f"{path}?{urlencode(at.params)}"

    def upload(self, *names: str, content: bytes = b"") -> list[str]:
        """Ids, in the order of ``names``."""
        token = form_token(self.http.get("/upload"))
        pdf = content or make_pdf(2)
        files = [
            ("files", (f"{name}.pdf", pdf + f"% {name}\n".encode(), "application/pdf")) for name in names
        ]
        sent = self.http.post("/upload", data={"csrf_token": token, "once": "1"}, files=files)
        assert sent.status_code == 303, sent.text
        page = self.http.get("/").text
        links = re.findall(r'href="/documents/(\w{32})">([^<]+)</a>', page)
        found = {name: one for one, name in links}
        return [found[name] for name in names]

    def ask(self, *ids: str, **more: Any) -> httpx.Response:
        """The form of the inbox, or of a document's page."""
        token = form_token(self.http.get("/"))
        return self.http.post("/sign", data={"csrf_token": token, "documents": list(ids), **more})

    def sign(self, *ids: str) -> httpx.Response:
        """Asked, approved, and the page of progress when it is over."""
        asked = self.ask(*ids)
        assert asked.status_code == 303, asked.text
        done = self.http.get(self.arrive(asked.headers["Location"]))
        assert done.status_code == 303, done.text
        return self.wait(done.headers["Location"])

    def wait(self, path: str) -> httpx.Response:
        until = time.monotonic() + 60
        while True:
            page = self.http.get(path)
            assert page.status_code == 200, page.text
            if "Refresh" not in page.headers:
                return page
            assert time.monotonic() < until, page.text
            time.sleep(0.1)


@pytest.fixture(scope="session")
def province(stack: Stack) -> Iterator[Services]:
    """The identity provider's services, as an administrator's command has them."""
    services = csc_office._services(stack)
    yield services
    services.database.close()


@pytest.fixture(scope="session")
def desk(
    stack: Stack, province: Services, tmp_path_factory: pytest.TempPathFactory, redis_url: str
) -> Iterator[RunningDesk]:
    folder = tmp_path_factory.mktemp("desk")
    running = RunningDesk(
        folder, province, redis_url=redis_url, resource=stack.base_url, approval_url=stack.approval_url
    )
    yield running
    running.stop()


@pytest.fixture
def official(desk: RunningDesk, office: Office) -> Iterator[Official]:
    """Logged in."""
    browser = office.browser()
    with desk.browser() as http, browser.http:
        person = Official(desk, office, http, browser)
        person.log_in()
        yield person
