"""PostgreSQL lets nobody in, then is back: clear answers, nothing lost, and nobody restarts anything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from tests.servers.stack import Stack
from tests.system.test_faults import TRY_LATER, Office


@contextmanager
def _away(url: str) -> Iterator[None]:
    """Nobody can connect to this database, and whoever was connected is thrown out."""
    parsed = make_url(url)
    with psycopg.connect(
        host=str(parsed.query["host"]), user=parsed.username, dbname="postgres", autocommit=True
    ) as server:
        name = psycopg.sql.Identifier(parsed.database or "")
        change = psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        server.execute(change.format(name, psycopg.sql.SQL("false")))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [parsed.database]
        )
        try:
            yield
        finally:
            server.execute(change.format(name, psycopg.sql.SQL("true")))


@pytest.fixture(scope="module")
def office(
    tmp_path_factory: pytest.TempPathFactory,
    devca_factory: Callable[..., Any],
    redis_url: str,
    postgres_url: Callable[[], str],
) -> Iterator[tuple[Office, dict[str, str]]]:
    """A province on PostgreSQL, and the URLs of its two databases."""
    urls = {"signsvc": postgres_url(), "hsm": postgres_url()}
    folder: Path = tmp_path_factory.mktemp("on-postgresql")
    stack = Stack(
        folder / "stack",
        devca_factory(),
        redis_url,
        database_url=urls["signsvc"],
        hsm_database_url=urls["hsm"],
    )
    stack.start()
    yield Office(stack, stack.register("van-phong"), None, folder), urls  # type: ignore[arg-type]
    stack.stop()


@pytest.mark.parametrize("whose", ["signsvc", "hsm"])
def test_without_its_database_a_service_answers_clearly_and_returns(
    office: tuple[Office, dict[str, str]], whose: str
) -> None:
    province, urls = office
    assert province.sign("B-T")[0] == 0
    with _away(urls[whose]):
        code, answer, signed = province.sign("B-T", "--wait-seconds", "1")
        assert code == TRY_LATER
        assert answer["message"]
        assert answer["message_en"]
        assert not signed.exists()
    province.signs_again("B-T")
