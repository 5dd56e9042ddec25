"""Statements compiled once, on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.errors import StoreUnavailable
from idp.store.database import Database
from idp.store.prepared import Prepared
from idp.store.tables import revoked_token

_INSERT = Prepared(insert(revoked_token))
_FIND = Prepared(select(revoked_token).where(revoked_token.c.jti == bindparam("wanted")))
_MOVE = Prepared(
    update(revoked_token)
    .where(revoked_token.c.jti == bindparam("wanted"), revoked_token.c.revoked_at != 0)
    .values(expires_at=bindparam("later"))
)
ROW = {"jti": "một' OR 1=1 --", "client_id": "c", "revoked_at": 1, "expires_at": 2}


def test_a_prepared_statement_reads_what_it_wrote(database: Database) -> None:
    with database.writing() as connection:
        assert _INSERT.run(connection, **ROW) == 1
        assert _MOVE.run(connection, wanted=ROW["jti"], later=3) == 1
        assert _MOVE.run(connection, wanted="another", later=4) == 0
    with database.reading() as connection:
        assert _FIND.first(connection, wanted=ROW["jti"]) == {**ROW, "expires_at": 3}
        assert _FIND.first(connection, wanted="another") is None
        assert _FIND.all(connection, wanted=ROW["jti"]) == [{**ROW, "expires_at": 3}]
        assert _FIND.all(connection, wanted="another") == []


def test_what_a_failed_transaction_prepared_is_taken_back(database: Database) -> None:
    def fail() -> None:
        with database.writing() as connection:
            _INSERT.run(connection, **ROW)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with database.reading() as connection:
        assert _FIND.first(connection, wanted=ROW["jti"]) is None


def test_an_error_is_sqlalchemys_and_quotes_no_value(database: Database) -> None:
    def twice() -> None:
        with database.writing() as connection:
            _INSERT.run(connection, **ROW)
            _INSERT.run(connection, **ROW)

    with pytest.raises(StoreUnavailable) as raised:
        twice()
    assert isinstance(raised.value.__cause__, IntegrityError)
    assert ROW["jti"] not in raised.value.detail


def test_a_value_that_is_not_given_is_a_mistake_of_ours_and_never_null(database: Database) -> None:
    given = {name: value for name, value in ROW.items() if name != "expires_at"}
    with pytest.raises((KeyError, StoreUnavailable)), database.writing() as connection:
        _INSERT.run(connection, **given)


def test_a_lost_connection_is_a_store_that_is_away_and_the_next_call_finds_it_again(
    database: Database,
) -> None:
    def lose() -> None:
        with database.reading() as connection:
            connection.connection.driver_connection.close()  # type: ignore[union-attr]
            _FIND.first(connection, wanted="x")

    with pytest.raises(StoreUnavailable):
        lose()
    with database.reading() as connection:
        assert _FIND.first(connection, wanted="x") is None
