"""Erase what acts say of people, and keep what proves them.

A leaf of the journal carries an act's digest; the act itself, with titles and names, lies beside it in the
database and may be erased once it is over. The digest stays: the journal still verifies, whoever kept
the act can still prove it, and the approval can still not be used again. An erased act is empty.
"""

from collections.abc import Sequence

import orjson
from sqlalchemy import ColumnElement, Connection, Table, func, select, update

from hsm.database import Database
from hsm.tables import grant, grant_item, performed_act

_AT_ONCE = 200


def erase_acts(database: Database, before: int, *, now: int) -> int:
    """Erase signing acts that expired before ``before`` (Unix seconds); how many. Raises StoreUnavailable.

    Acts that are not over stay, whatever ``before`` says: a living approval needs its act.
    """
    under_way = (
        select(grant_item.c.position)
        .where(grant_item.c.act_digest == grant.c.act_digest, grant_item.c.state == "RESERVED")
        .exists()
    )
    over = grant.c.expires_at < min(before, now)
    return _erase(database, grant, (over, ~under_way))


def erase_administrative_acts(database: Database, before: int, *, now: int) -> int:
    """The same for what administrators did, which names holders of credentials."""
    erased = 0
    limit = min(before, now)
    last = -1
    while True:
        table = performed_act.c
        query = (
            select(table.act_digest, table.act, table.leaf_index)
            .where(table.leaf_index > last, func.length(table.act) > 0)
            .order_by(table.leaf_index)
            .limit(_AT_ONCE)
        )
        with database.reading() as connection:
            rows = connection.execute(query).all()
        if not rows:
            _forget_pages(database)
            return erased
        last = rows[-1].leaf_index
        digests = [row.act_digest for row in rows if orjson.loads(row.act)["expires_at"] < limit]
        if digests:
            with database.writing() as connection:
                erased += _empty(connection, performed_act, digests)


def _erase(database: Database, table: Table, conditions: Sequence[ColumnElement[bool]]) -> int:
    erased = 0
    while True:
        query = select(table.c.act_digest).where(func.length(table.c.act) > 0, *conditions).limit(_AT_ONCE)
        with database.reading() as connection:
            digests = list(connection.execute(query).scalars())
        if not digests:
            _forget_pages(database)
            return erased
        # Short transactions: signing goes on in between.
        with database.writing() as connection:
            erased += _empty(connection, table, digests)


def _empty(connection: Connection, table: Table, digests: Sequence[bytes]) -> int:
    # Of a signing act also who approved it: it was kept for as long as the SAD could be redeemed.
    people = {"approver": ""} if table is grant else {}
    empty = update(table).where(table.c.act_digest.in_(digests)).values(act=b"", **people)
    if connection.dialect.name != "sqlite":
        return connection.execute(empty).rowcount
    # Otherwise the text would stay readable in the file's free pages.
    before = connection.exec_driver_sql("PRAGMA secure_delete").scalar_one()
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    erased = connection.execute(empty).rowcount
    connection.exec_driver_sql(f"PRAGMA secure_delete={int(before)}")
    return erased


def _forget_pages(database: Database) -> None:
    """The write-ahead log still has the old pages. (PostgreSQL keeps old rows until it vacuums.)"""
    with database.reading() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
