"""The SQL of an append, compiled once: every signature waits for it."""

from typing import Any

from sqlalchemy import ColumnElement, Dialect, bindparam, insert, literal_column, update

from hsm.compiled import Compiled
from hsm.journal.tables import journal_entry, journal_head, journal_tile


class AppendStatements:
    """What ``Log.stage`` runs, in its order: one of the first two, then entries, then tiles."""

    def __init__(self, dialect: Dialect) -> None:
        head = journal_head.c
        new: dict[str, Any] = {"size": bindparam("new_size"), "root": bindparam("new_root")}
        one: ColumnElement[int] = literal_column("1")
        self.insert_head = Compiled(insert(journal_head).inline().values(id=one, **new), dialect)
        self.move_head = Compiled(
            update(journal_head)
            .where(head.id == one, head.size == bindparam("old_size"), head.root == bindparam("old_root"))
            .values(new),
            dialect,
        )
        self.insert_entries = Compiled(insert(journal_entry), dialect)
        self.insert_tiles = Compiled(insert(journal_tile), dialect)
