"""Counting signatures against quotas in the database: the web can't skip it, and a restart forgets nothing.

Two fixed windows, the one before weighed by what of it still counts (a sliding window counter): one row a
window and subject.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Dialect, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from hsm.compiled import Compiled, PerDialect
from hsm.errors import QuotaSpent
from hsm.policy_tables import quota_count
from policies.limits import Limit

# One counter at a time, whichever process counts: taken until the transaction ends.
_POSTGRES_LOCK = 0x616E_7469_6E51


def check(connection: Connection, limits: Sequence[Limit], count: int, now: int) -> None:
    """Raise QuotaSpent unless all of ``limits`` still allow ``count``. Nothing is written.

    What it found stays true until the transaction ends.
    """
    if limits and connection.dialect.name != "sqlite":  # there a writer is alone
        connection.execute(select(func.pg_advisory_xact_lock(_POSTGRES_LOCK)))
    for limit in limits:
        start, past = _window(limit, now)
        spent = _spent(connection, limit, start)
        present, before = spent.get(start, 0), spent.get(start - limit.window_seconds, 0)
        if present + before * (1 - past) + count > limit.times:
            raise QuotaSpent(
                f"Over the limit: {limit.title_en}. Ask again later.",
                quota=limit.quota,
                retry_after=_wait(limit, present, before, count, past),
                detail=f"{limit.quota}: {present} and {before} before, {count} more of {limit.times}",
            )


def spend(connection: Connection, limits: Sequence[Limit], count: int, now: int) -> None:
    """Count ``count`` signatures; a negative number takes back what was counted in this window."""
    rows = [
        {"of": limit.quota, "who": limit.subject, "at": _window(limit, now)[0], "more": count}
        for limit in limits
    ]
    if rows:
        _statements(connection).add.execute(connection, rows)


def forget_old(connection: Connection, before: int) -> int:
    """Delete windows that began before; how many."""
    return connection.execute(delete(quota_count).where(quota_count.c.window_start < before)).rowcount


def _window(limit: Limit, now: int) -> tuple[int, float]:
    """When the present window began, and how much of it is over, from 0 to 1."""
    past = now % limit.window_seconds
    return now - past, past / limit.window_seconds


def _spent(connection: Connection, limit: Limit, start: int) -> dict[int, int]:
    statements = _statements(connection)
    since = start - limit.window_seconds
    # By position for SQLite, by name for PostgreSQL.
    values = (
        {"of": limit.quota, "who": limit.subject, "since": since}
        if statements.named
        else (limit.quota, limit.subject, since)
    )
    return {row.window_start: row.spent for row in connection.exec_driver_sql(statements.find, values)}


def _wait(limit: Limit, present: int, before: int, count: int, past: float) -> float:
    """Seconds until as many would be allowed, if nobody else asked."""
    left = (1 - past) * limit.window_seconds
    room = limit.times - count
    if room < 0:
        return float(limit.window_seconds)  # never at once: fewer at a time
    if present <= room and before:
        return max(1.0, left - limit.window_seconds * (room - present) / before)
    # Into the next window, until enough of this one has gone by.
    return left + max(0.0, limit.window_seconds * (1 - room / present))


class _Statements:
    """What every signature runs, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        find = select(quota_count.c.window_start, quota_count.c.spent).where(
            quota_count.c.quota == bindparam("of"),
            quota_count.c.subject == bindparam("who"),
            quota_count.c.window_start >= bindparam("since"),
        )
        self.find = str(find.compile(dialect=dialect))
        self.named = dialect.name != "sqlite"
        insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
        adding = insert(quota_count).values(
            quota=bindparam("of"),
            subject=bindparam("who"),
            window_start=bindparam("at"),
            spent=bindparam("more"),
        )
        self.add = Compiled(
            adding.on_conflict_do_update(
                index_elements=["quota", "subject", "window_start"],
                set_={"spent": quota_count.c.spent + adding.excluded.spent},
            ),
            dialect,
        )


_statements = PerDialect(_Statements)
