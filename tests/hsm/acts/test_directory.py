"""What is kept of credentials and keys is kept while it is so: on either database, for any number of them."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from hsm import store
from hsm.acts.directory import FRESH_SECONDS, MOST_KEPT, Directory
from hsm.errors import ApprovalRefused
from tests.hsm.acts.conftest import NOW, House, bare_item, to_sign

MANY = 30_000
VALUE = re.compile(r"x?'[^']*'|\b\d+\b")
SEEN = 1_000  # of them; each is looked up twice


@pytest.fixture(params=["sqlite", "postgresql"])
def any_house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_url: Callable[[], str]
) -> Iterator[House]:
    built = House(f"sqlite:///{tmp_path}/any.sqlite3" if request.param == "sqlite" else postgres_url())
    yield built
    built.close()


class Clock:
    """``time`` for the directory: what is waited for passes at once."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.passed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("hsm.acts.directory.time", made)
    return made


CHANGES = (
    "UPDATE credential SET state = 'suspended'",
    "UPDATE client_key SET state = 'retired'",
    "UPDATE admin SET state = 'retired'",
    "DELETE FROM client_key",
    "INSERT INTO client_key (kid, client_id, jwk, state, created_at) VALUES ('k', 'c', '{}', 'active', 0)",
)
ADMIN = "INSERT INTO admin (admin_id, kid, name, jwk, state) VALUES (:name, :name, 'MẪU', '{}', 'active')"


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_by_whatever_means_moves_the_number(any_house: House, change: str) -> None:
    def version() -> int:
        with any_house.database.reading() as connection:
            return store.directory_version(connection)

    with any_house.database.writing() as connection:
        connection.execute(text(ADMIN), {"name": "admin-1"})
    before = version()
    with any_house.database.writing() as connection:
        connection.execute(text(change))
    assert version() > before


def test_what_another_process_changed_is_known_within_the_moment(any_house: House, clock: Clock) -> None:
    kid = any_house.clients["one-stop"].thumbprint()
    mine, other = Directory(any_house.database, any_house.seals), any_house.credential_id
    assert mine.get_credential(other).stored.state == "active"
    assert mine.get_client_key(kid)
    with any_house.database.writing() as connection:
        store.change_credential(connection, other, ["active"], state="suspended")
        store.retire_client_key(connection, kid)
    clock.passed += FRESH_SECONDS
    assert mine.get_credential(other).stored.state == "suspended"
    with pytest.raises(ApprovalRefused):
        mine.get_client_key(kid)


def test_a_token_key_made_elsewhere_is_known_within_the_moment(house: House, clock: Clock) -> None:
    mine = Directory(house.database, house.seals)
    before = len(mine.token_credentials())
    house.add_credential("oidc-token", "idp")
    clock.passed += FRESH_SECONDS
    assert len(mine.token_credentials()) == before + 1


def test_what_was_read_before_a_change_is_not_kept_after_it(
    house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that is slow: the credential is suspended, and that is noticed, before its answer is there."""
    mine = Directory(house.database, house.seals)
    find = store.find_credential

    def slowly(connection: Any, credential_id: str) -> Any:
        found = find(connection, credential_id)
        monkeypatch.setattr(store, "find_credential", find)
        with house.database.writing() as writing:
            store.change_credential(writing, credential_id, ["active"], state="suspended")
        clock.passed += FRESH_SECONDS
        mine.get_client_key(house.clients["one-stop"].thumbprint())
        return found

    monkeypatch.setattr(store, "find_credential", slowly)
    assert mine.get_credential(house.credential_id).stored.state == "active"
    assert mine.get_credential(house.credential_id).stored.state == "suspended"


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    """Every statement that runs on the house's connections, without its values."""
    ran: list[str] = []
    connections: list[Any] = []
    engines = {house.database.reader, house.database.writer}
    for engine in engines:
        engine.dispose()

    def trace(connection: sqlite3.Connection, _record: object) -> None:
        connections.append(connection)
        connection.set_trace_callback(lambda sql: ran.append(re.sub(VALUE, "?", sql)))

    for engine in engines:
        event.listen(engine, "connect", trace)
    try:
        yield ran
    finally:
        for engine in engines:
            event.remove(engine, "connect", trace)
        for connection in connections:
            connection.set_trace_callback(None)


def fill(house: House, count: int) -> list[str]:
    """Copies of the house's credential, until there are so many."""
    names = [f"copy-{number:05}" for number in range(count)]
    columns = [column.name for column in store.credential.columns if column.name != "credential_id"]
    listed = ", ".join(columns)
    insert = (
        f"INSERT INTO credential (credential_id, {listed}) "  # noqa: S608 -- columns of the table
        f"SELECT :name, {listed} FROM credential WHERE credential_id = :like"
    )
    with house.database.writing() as connection:
        connection.execute(text(insert), [{"name": name, "like": house.credential_id} for name in names])
    return names


def statements_of_a_house(directory: Path, count: int, clock: Clock) -> tuple[int, list[str]]:
    """Of looks at every credential when all were seen before; and of one signature, in order."""
    house = House(f"sqlite:///{directory}/{count}.sqlite3")
    try:
        names = fill(house, count)[:: max(1, count // SEEN)]
        with counted(house) as ran:
            for name in names:
                house.directory.get_credential(name)
            assert len([sql for sql in ran if "FROM credential" in sql]) == len(names)
            clock.passed += FRESH_SECONDS
            ran.clear()
            for name in names:
                house.directory.get_credential(name)
            looks = len([sql for sql in ran if sql.startswith("SELECT")])
            ran.clear()
            act = house.act(bare_item("a"), credential_id=names[-1])
            house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)
            house.ledger.enter([])
            signing = [sql for sql in ran if sql.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")]
    finally:
        house.close()
    return looks, signing


def test_thirty_thousand_credentials_cost_as_many_statements_as_ten(tmp_path: Path, clock: Clock) -> None:
    few = statements_of_a_house(tmp_path, 10, clock)
    many = statements_of_a_house(tmp_path, MANY, clock)
    assert few == many
    assert few[0] == 1, "one look at one number"
    assert MOST_KEPT > MANY
    assert few[1]
