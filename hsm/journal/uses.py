"""Every use of a key, for the one whose key it is.

The index follows the journal instead of being written with it, so that no signature waits for it; it
catches up before it answers, so that an answer is complete up to the journal's head.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from hsm.database import Database
from hsm.journal.errors import JournalDamaged
from hsm.journal.tables import journal_entry
from hsm.journal.use_tables import journal_use, journal_use_head

MAX_USES = 1000
_LEAVES_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a key: the intent's leaf, and what became of it.

    ``entry``: the intent's bytes. ``outcome``: ``signed``, ``failed``, or ``open`` when no outcome was
    journalled (under way, or the process died: it may have been signed). ``outcome_index``: its leaf.
    ``result``: the signature's SHA-256 in hex, or the class of the failure.
    """

    leaf_index: int
    entry: bytes
    outcome: str = "open"
    outcome_index: int | None = None
    result: str = ""


class Uses:
    """Finds uses. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, credential_id: str, start: int, limit: int) -> list[Use]:
        """Uses from leaf ``start`` on, oldest first, at most ``limit`` (1,000). Raises StoreUnavailable."""
        self.catch_up()
        table, entry = journal_use.c, journal_entry.c
        query = (
            select(table.leaf_index, table.outcome_index, entry.entry)
            .join_from(journal_use, journal_entry, entry.index == table.leaf_index)
            .where(table.credential_id == credential_id, table.leaf_index >= start)
            .order_by(table.leaf_index)
            .limit(max(0, min(limit, MAX_USES)))
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            outcomes = _outcomes(connection, sorted({row.outcome_index for row in rows} - {None}))
        return [_use(row.leaf_index, bytes(row.entry), row.outcome_index, outcomes) for row in rows]

    def at(self, leaves: Sequence[int]) -> dict[int, Use]:
        """The uses that these leaves are, by leaf; one that is no use of a key is left out."""
        if not leaves:
            return {}
        self.catch_up()
        found: dict[int, Use] = {}
        table, entry = journal_use.c, journal_entry.c
        with self._database.reading() as connection:
            for start in range(0, len(leaves), 500):
                query = (
                    select(table.leaf_index, table.outcome_index, entry.entry)
                    .join_from(journal_use, journal_entry, entry.index == table.leaf_index)
                    .where(table.leaf_index.in_(leaves[start : start + 500]))
                )
                rows = connection.execute(query).all()
                outcomes = _outcomes(connection, sorted({row.outcome_index for row in rows} - {None}))
                found.update(
                    {
                        row.leaf_index: _use(row.leaf_index, bytes(row.entry), row.outcome_index, outcomes)
                        for row in rows
                    }
                )
        return found

    def catch_up(self) -> int:
        """Index what the journal has got since; the indexed size. Raises StoreUnavailable, JournalDamaged."""
        while True:
            with self._database.reading() as connection:
                size = connection.execute(select(journal_use_head.c.size)).scalar_one()
                leaves = _leaves(connection, size)
            if not leaves:
                return int(size)
            uses, outcomes = _read(leaves, size)
            with self._database.writing() as connection:
                # Another process may have been faster: then its work is done, and ours is dropped.
                moved = connection.execute(
                    update(journal_use_head)
                    .where(journal_use_head.c.id == 1, journal_use_head.c.size == size)
                    .values(size=size + len(leaves))
                )
                if moved.rowcount == 1:
                    if uses:
                        connection.execute(insert(journal_use), list(uses.values()))
                    for leaf, outcome in outcomes.items():
                        connection.execute(
                            update(journal_use)
                            .where(journal_use.c.leaf_index == leaf)
                            .values(outcome_index=outcome)
                        )


def _leaves(connection: Connection, start: int) -> list[bytes]:
    index, entry = journal_entry.c.index, journal_entry.c.entry
    query = select(index, entry).where(index >= start, index < start + _LEAVES_AT_ONCE).order_by(index)
    rows = [(int(found), bytes(value)) for found, value in connection.execute(query)]
    if [found for found, _ in rows] != list(range(start, start + len(rows))):
        raise JournalDamaged("Entries of the journal are missing.", detail=f"from {start}")
    return [value for _, value in rows]


def _read(leaves: Sequence[bytes], first: int) -> tuple[dict[int, dict[str, Any]], dict[int, int]]:
    """Rows of uses by leaf, and outcomes of uses that were indexed before."""
    uses: dict[int, dict[str, Any]] = {}
    earlier: dict[int, int] = {}
    for leaf, entry in enumerate(leaves, first):
        fields = orjson.loads(entry)
        if fields.get("type") == "intent" and "credential" in fields:
            uses[leaf] = {"leaf_index": leaf, "credential_id": fields["credential"], "outcome_index": None}
        elif fields.get("type") == "outcome":
            for item in fields["intents"]:
                if item["index"] in uses:
                    uses[item["index"]]["outcome_index"] = leaf
                elif item["index"] < first:
                    earlier[item["index"]] = leaf
    return uses, earlier


def _outcomes(connection: Connection, indexes: Sequence[int]) -> dict[tuple[int, int], dict[str, Any]]:
    """(outcome's leaf, intent's leaf) to what the outcome says of it."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for at in range(0, len(indexes), 500):
        query = select(journal_entry.c.index, journal_entry.c.entry).where(
            journal_entry.c.index.in_(indexes[at : at + 500])
        )
        for leaf, entry in connection.execute(query):
            found.update({(leaf, item["index"]): item for item in orjson.loads(entry)["intents"]})
    return found


def _use(
    leaf: int, entry: bytes, outcome: int | None, outcomes: dict[tuple[int, int], dict[str, Any]]
) -> Use:
    if outcome is None:
        return Use(leaf, entry)
    item = outcomes[outcome, leaf]
    if "signature" in item:
        return Use(leaf, entry, "signed", outcome, item["signature"])
    return Use(leaf, entry, "failed", outcome, item["failed"])
