"""Fixtures of the browser tests: a Chromium for each module, one served provider for all of them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import CHROMIUM, Site, need_chromium
from tests.idp.people import Enrolled, enrol
from tests.idp.software_keys import SoftwareKeys
from tests.servers.upstreams import RunningUpstreams


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one module: while it is open, Playwright's event loop runs in this thread, and no test of another
    module could call asyncio.run.
    """
    need_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, redis_url: str, shared_upstreams: RunningUpstreams
) -> Iterator[Site]:
    keys = SoftwareKeys()
    served = Site(
        tmp_path_factory.mktemp("site"),
        redis_url=redis_url,
        key_process=keys.target,
        upstreams=shared_upstreams,
    )
    yield served
    served.stop()
    keys.remove()


@pytest.fixture
def official(site: Site) -> Enrolled:
    """With a password and an authenticator app."""
    return enrol(site.provider)


@pytest.fixture(autouse=True)
def _the_walls_time_again(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that let time pass leaves no site ahead of the browsers and relying parties of the next."""
    shared = request.getfixturevalue("site") if "site" in request.fixturenames else None
    yield
    if shared is not None:
        shared.clock.ahead = 0.0
