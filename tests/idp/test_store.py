"""The store, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from joserfc.jwk import ECKey

from idp.errors import StoreUnavailable
from idp.register_clients import new_registration
from idp.schema import metadata
from idp.store.clients import (
    ClientDirectory,
    Registration,
    change_state,
    find_registration,
    find_registrations,
    save_registration,
)
from idp.store.database import Database
from idp.store.migrate import is_current, migrate
from idp.store.revocations import Revocations
from idp.store.token_life import TokenLife

NOW = 1_800_000_000


def registration(client_id: str = "system-1") -> Registration:
    jwk = dict(ECKey.generate_key("P-256").as_dict(private=False)) | {"kid": "k"}
    return new_registration(
        client_id,
        name="Một cửa MẪU",
        contact="mau@example.gov.vn",
        token_algorithm="ES256",
        scopes=["sign"],
        resources=["https://sign.example.gov.vn"],
        credential_ids=["cred-1"],
        introspects=[],
        jwks={"k": jwk},
    )


def save(database: Database, *saved: Registration) -> None:
    with database.writing() as connection:
        for each in saved:
            save_registration(connection, each, NOW)


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_and_at_once_is_safe(
    database_url: str, open_database: Callable[[], Database]
) -> None:
    def attempt(_: int) -> None:
        migrate(open_database(), database_url)

    if database_url.startswith("postgresql"):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(attempt, range(4)))
    else:
        attempt(0)
        attempt(1)
    assert is_current(open_database())


def test_a_database_that_was_not_migrated_is_not_ready(open_database: Callable[[], Database]) -> None:
    assert not is_current(open_database())


def test_a_client_comes_back_as_it_was_registered(database: Database) -> None:
    saved = registration()
    save(database, saved)
    with database.reading() as connection:
        assert find_registration(connection, "system-1") == saved
        assert find_registration(connection, "system-2") is None


def test_a_client_is_replaced_with_its_keys(database: Database) -> None:
    save(database, registration())
    newer = replace(registration(), name="Tên mới", jwks={"k2": registration().jwks["k"]})
    save(database, newer)
    with database.reading() as connection:
        assert find_registrations(connection) == [newer]


def test_clients_are_listed_by_name(database: Database) -> None:
    save(database, registration("b"), registration("a"))
    with database.reading() as connection:
        assert [each.client_id for each in find_registrations(connection)] == ["a", "b"]


def test_a_state_changes_only_for_a_client_that_exists(database: Database) -> None:
    save(database, registration())
    with database.writing() as connection:
        assert change_state(connection, "system-1", "disabled", NOW)
        assert not change_state(connection, "system-2", "disabled", NOW)


def test_a_change_is_seen_when_the_cache_is_over(database: Database) -> None:
    moment = [0.0]
    directory = ClientDirectory(database, 5.0, lambda: moment[0])
    save(database, registration())
    found = directory.find_client("system-1")
    assert found
    assert found.active
    with database.writing() as connection:
        change_state(connection, "system-1", "disabled", NOW)
    assert directory.find_client("system-1") is found  # its keys are not imported again
    moment[0] = 5.0
    disabled = directory.find_client("system-1")
    assert disabled
    assert not disabled.active


def test_an_unknown_client_is_not_remembered(database: Database) -> None:
    directory = ClientDirectory(database, 5.0, lambda: 0.0)
    assert directory.find_client("system-1") is None
    save(database, registration())
    assert directory.find_client("system-1")


def test_a_known_client_is_served_while_the_database_is_away(database: Database) -> None:
    directory = ClientDirectory(database, 5.0, lambda: 0.0)
    save(database, registration())
    directory.find_client("system-1")
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE client RENAME TO gone")
    assert directory.find_client("system-1")
    with pytest.raises(StoreUnavailable):
        directory.find_client("system-2")


def test_a_revocation_survives_and_is_forgotten_after_expiry(
    database: Database, open_database: Callable[[], Database]
) -> None:
    Revocations(database).revoke("jti-1", "system-1", expires_at=NOW + 300, now=NOW)
    Revocations(database).revoke("jti-1", "system-1", expires_at=NOW + 300, now=NOW)
    again = open_database()
    life = TokenLife(again)
    assert life.why_ended("jti-1", None, NOW) == "revoked"
    assert life.why_ended("jti-2", None, NOW) == ""
    Revocations(again).revoke("jti-3", "system-1", expires_at=NOW + 9000, now=NOW + 300 + 3600 + 1)
    assert life.why_ended("jti-1", None, NOW) == ""
    assert life.why_ended("jti-3", None, NOW) == "revoked"


def test_the_same_revocation_from_many_threads_is_one(database: Database) -> None:
    revocations = Revocations(database)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: revocations.revoke("j", "c", expires_at=NOW + 9, now=NOW), range(24)))
    assert TokenLife(database).why_ended("j", None, NOW) == "revoked"


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as connection:
            save_registration(connection, registration(), NOW)
            connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(StoreUnavailable):
        fail()
    with database.reading() as connection:
        assert find_registrations(connection) == []


def test_sqlite_is_durable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x")
    with database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    database.close()
