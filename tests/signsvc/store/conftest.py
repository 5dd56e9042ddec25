"""Every store test runs on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signsvc.schema.migrate import migrate
from signsvc.store.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of the test's own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/signsvc.sqlite3"
    else:
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        url = fresh()
    migrate(url)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()
