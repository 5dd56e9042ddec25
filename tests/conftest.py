"""What every test shares: real servers by name, a fixed clock, and no way out to the network."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings

from idp.cookie_keys import ensure_cookie_keys
from idp.store.sealing import ensure_directory_keys

pytest_plugins = [
    "tests.servers.devca",
    "tests.servers.key_process",
    "tests.servers.postgres",
    "tests.servers.redis",
    "tests.servers.softhsm",
    "tests.servers.stack",
    "tests.servers.upstreams",
    "tests.servers.oidc_suite",  # last: it imports others of these
]

# Speed is measured by `make bench`, never asserted: a busy machine is no failure.
settings.register_profile("antin", deadline=None)
settings.load_profile("antin")

_LOOPBACK = ("127.", "::1", "localhost")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that hold a test of minutes begin first: begun last, one worker would run on alone."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def now() -> datetime:
    """A fixed moment: the domain never reads a clock."""
    return datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(autouse=True)
def _no_errors_of_another_in_openssls_queue() -> None:
    """SoftHSM in a test's own process leaves "no such engine" there; the thread's next TLS read would take
    it for its own. What cannot be set clears the queue (CPython, _ssl.c).
    """
    with contextlib.suppress(ssl.SSLError):
        _TLS.set_ciphers("no such ciphers")


@pytest.fixture(autouse=True, scope="session")
def no_way_out() -> Any:
    """A test that reaches for another host is wrong, and must not wait for a time-out to say so."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a test reached for {address}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def _page_cookie_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An identity provider needs its key files, whichever test starts it; nobody's own ``run/`` is used."""
    folder = tmp_path_factory.mktemp("idp-keys")
    ensure_cookie_keys(folder / "cookie")
    ensure_directory_keys(folder / "directory")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDP_COOKIE_KEYS_FILE", str(folder / "cookie"))
        patch.setenv("IDP_DIRECTORY_KEYS_FILE", str(folder / "directory"))
        yield
