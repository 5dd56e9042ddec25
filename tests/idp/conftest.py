"""Fixtures of the identity provider's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idp.store.database import Database
from idp.store.migrate import migrate
from tests.idp.provider import OPEN, Provider, System
from tests.idp.software_keys import SoftwareKeys


@pytest.fixture(scope="session")
def shared_keys() -> Iterator[SoftwareKeys]:
    """Token keys that tests share; none of them changes these."""
    keys = SoftwareKeys()
    yield keys
    keys.remove()


@pytest.fixture
def own_keys() -> Iterator[SoftwareKeys]:
    """Token keys of the test's own, to fail, stop and rotate."""
    keys = SoftwareKeys()
    yield keys
    keys.remove()


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    yield
    for opened in OPEN:
        opened.close()
    OPEN.clear()


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Provider:
    return Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target)


@pytest.fixture
def system(provider: Provider) -> System:
    return provider.register()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/idp.sqlite3"
    fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
    return fresh()


@pytest.fixture
def open_database(database_url: str) -> Iterator[Callable[[], Database]]:
    """Opens connections of their own to the same database, and closes them all."""
    opened: list[Database] = []

    def connect() -> Database:
        opened.append(Database(database_url))
        return opened[-1]

    yield connect
    for database in opened:
        database.close()


@pytest.fixture
def database(database_url: str, open_database: Callable[[], Database]) -> Database:
    database = open_database()
    migrate(database, database_url)
    return database
