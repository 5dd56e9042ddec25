"""A desk at a provider for tests; people log in as a browser would."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from idp.testing.browser import Browser
from idp.testing.people import SamplePerson
from idp.testing.provider import SampleProvider
from tests.servers.desk import RunningDesk

RESOURCE = "http://127.0.0.1:8082"


@dataclass
class House:
    """A provider and a desk."""

    provider: SampleProvider
    desk: RunningDesk

    def person(self, **about: Any) -> SamplePerson:
        return self.provider.person("official", totp=True, **about)

    def log_in(
        self, person: SamplePerson, http: httpx.Client, *, at: str = "/", browser: Browser | None = None
    ) -> httpx.Response:
        """From the desk to the provider and back, to the page that was wanted."""
        begun = http.get("/login", params={"next": at})
        assert begun.status_code == 303, begun.text
        back = self.provider.log_in(begun.headers["Location"], person, browser=browser)
        return http.get(back)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[House]:
    with SampleProvider(redis_url=redis_url) as provider:
        folder = tmp_path_factory.mktemp("desk")
        desk = RunningDesk(folder, provider.services, redis_url=redis_url, resource=RESOURCE)
        yield House(provider, desk)
        desk.stop()


@pytest.fixture
def http(house: House) -> Iterator[httpx.Client]:
    """Somebody's browser."""
    with house.desk.browser() as client:
        yield client


def form_token(page: httpx.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1)
