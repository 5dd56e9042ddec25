"""The append-only log on the database: entries, complete tiles, and a head that only moves forward.

An append is *staged* in the caller's transaction and *adopted* once that transaction is committed,
so that a log and the rows it speaks of become durable together or not at all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from hsm.errors import JournalError, StoreUnavailable
from hsm.journal import merkle
from hsm.journal.append_statements import AppendStatements
from hsm.journal.edge import check_head, check_same_past, read_edge
from hsm.journal.errors import JournalConflict, JournalDamaged, NoSuchEntry
from hsm.journal.stored_nodes import StoredNodes, TileCache
from hsm.journal.tables import journal_entry
from hsm.journal.tiles import WIDTH, CompleteTile, Edge, Grown, tile_width

MAX_SIZE = 1 << 62


class Staged:
    """An append that is written but not yet known to be committed. Its proofs need no SQL."""

    def __init__(self, first_index: int, grown: Grown) -> None:
        self.first_index = first_index
        self.size = grown.edge.size
        self.root = grown.edge.root()
        self.grown = grown

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The proof, in the tree of ``size``, of a leaf of this append. Raises NoSuchEntry for others."""
        if not self.first_index <= index < self.size:
            raise NoSuchEntry("The entry is not of this append.")
        # Every sibling on the way up is a peak of the old tree or was made by this append.
        return merkle.inclusion_proof(index, self.size, lambda height, at: self.grown.nodes[height, at])


class Log:
    """One log. ``engine`` is for reading; appends go through the caller's connection.

    Appends come from one thread at a time. Everything else may be called from any thread at any time
    and sees the last adopted head. Whatever needs the database raises StoreUnavailable when it is away.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._prepared = AppendStatements(engine.dialect)
        self._edge: Edge | None = None
        self._head: tuple[int, bytes] = (0, merkle.EMPTY_ROOT)
        self._tiles = TileCache()

    def open(self, connection: Connection) -> None:
        """Read the edge from the database. Called at start, and again after an append that failed.

        Raises JournalDamaged when the stored head does not follow from what is stored, JournalRolledBack
        when the log was open before and what it was is not contained in what it is now.
        """
        with _store_errors():
            edge, stored_root = read_edge(connection)
            check_head(edge, stored_root)
            if self._edge is not None:
                # Only our own past counts: tiles may be cached for as long as it is the same past.
                check_same_past(StoredNodes(connection, edge, TileCache()), edge, self._head)
        self._adopt(edge)

    def reload(self) -> None:
        """``open()`` on a connection of its own."""
        with _store_errors(), self._engine.connect() as connection:
            self.open(connection)

    def stage(self, connection: Connection, entries: Sequence[bytes]) -> Staged:
        """Append within the caller's transaction; nothing in memory changes.

        Without entries nothing is written. Raises JournalConflict when somebody else moved the head:
        then roll back and ``reload()``.
        """
        edge = self._opened()
        grown = edge.append(entries)
        staged = Staged(edge.size, grown)
        if not entries:
            return staged
        if staged.size > MAX_SIZE:
            raise JournalError("The journal is full.")
        try:
            # First the head: its row lock makes a second writer wait here, and then find it moved.
            self._move_head(connection, staged)
            leaves = enumerate(zip(entries, grown.leaf_hashes, strict=True), edge.size)
            rows = [{"index": index, "entry": entry, "leaf_hash": leaf} for index, (entry, leaf) in leaves]
            self._prepared.insert_entries.execute(connection, rows)
            if grown.tiles:
                tiles = [_tile_row(tile) for tile in grown.tiles]
                self._prepared.insert_tiles.execute(connection, tiles)
        except IntegrityError as error:
            raise JournalConflict("The journal was written by somebody else.", detail=str(error)) from error
        except SQLAlchemyError as error:
            raise StoreUnavailable("The store is not available.", detail=str(error)) from error
        return staged

    def _move_head(self, connection: Connection, staged: Staged) -> None:
        size, root = self._head
        new: dict[str, object] = {"new_size": staged.size, "new_root": staged.root}
        if size == 0:
            self._prepared.insert_head.execute(connection, [new])
        elif self._prepared.move_head.execute(connection, [new | {"old_size": size, "old_root": root}]) != 1:
            raise JournalConflict("The journal's head was moved by somebody else.", detail=f"size {size}")

    def adopt(self, staged: Staged) -> None:
        """Make a staged append the head. Only after its transaction was committed."""
        if staged.first_index != self._opened().size:
            raise JournalConflict("The append was not staged on the present head.")
        for tile in staged.grown.tiles:
            self._tiles.put(tile.level, tile.index, tile.hashes)
        self._adopt(staged.grown.edge)

    def _adopt(self, edge: Edge) -> None:
        head = (edge.size, edge.root())
        # The edge first: whoever sees the new head must be able to ask for its proofs.
        self._edge = edge
        self._head = head

    def _opened(self) -> Edge:
        if self._edge is None:
            raise JournalError("The journal is not open.")
        return self._edge

    def head(self) -> tuple[int, bytes]:
        """The adopted size and root."""
        self._opened()
        return self._head

    def root_at(self, size: int) -> bytes:
        """The root of the first ``size`` entries. Raises NoSuchEntry."""
        with self._nodes(size) as nodes:
            return merkle.root(size, nodes)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """RFC 9162 §2.1.3.1. Raises NoSuchEntry unless 0 <= index < size <= the log's size."""
        if not 0 <= index < size:
            raise NoSuchEntry("The journal has no such entry.")
        with self._nodes(size) as nodes:
            return merkle.inclusion_proof(index, size, nodes)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """RFC 9162 §2.1.4.1. Raises NoSuchEntry unless 0 <= old <= new <= the log's size."""
        if not 0 <= old <= new:
            raise NoSuchEntry("The old size must not be above the new size.")
        with self._nodes(new) as nodes:
            return merkle.consistency_proof(old, new, nodes)

    def entry(self, index: int) -> bytes:
        """One entry's bytes. Raises NoSuchEntry."""
        for _, entry in self.entries(index, 1):
            return entry
        raise NoSuchEntry("The journal has no such entry.")

    def entries(self, start: int, limit: int) -> list[tuple[int, bytes]]:
        """At most ``limit`` entries from ``start`` on, with their indices; none beyond the adopted head."""
        end = min(start + max(0, limit), self._opened().size)
        if not 0 <= start < end:
            return []
        index, entry = journal_entry.c.index, journal_entry.c.entry
        query = select(index, entry).where(index >= start, index < end).order_by(index)
        with _store_errors(), self._engine.connect() as connection:
            rows = [(found, bytes(value)) for found, value in connection.execute(query)]
        if [found for found, _ in rows] != list(range(start, end)):
            raise JournalDamaged("Entries of the journal are missing.", detail=f"{start} to {end}")
        return rows

    def tile(self, level: int, index: int, width: int = WIDTH) -> bytes:
        """The first ``width`` hashes of a tile, joined (C2SP tlog-tiles). Raises NoSuchEntry."""
        edge = self._opened()
        if not 1 <= width <= tile_width(level, index, edge.size):
            raise NoSuchEntry("The journal has no such tile.")
        with self._nodes(edge.size) as nodes:
            return nodes.tile(level, index)[: width * merkle.HASH_SIZE]

    @contextmanager
    def _nodes(self, size: int) -> Iterator[StoredNodes]:
        edge = self._opened()
        if not 0 <= size <= edge.size:
            raise NoSuchEntry("The journal is not that long.", detail=f"{size} of {edge.size}")
        with _store_errors(), StoredNodes.on_demand(self._engine, edge, self._tiles) as nodes:
            yield nodes


def _tile_row(tile: CompleteTile) -> dict[str, object]:
    return {"level": tile.level, "tile_index": tile.index, "hashes": tile.hashes, "root": tile.root}


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreUnavailable("The store is not available.", detail=str(error)) from error
