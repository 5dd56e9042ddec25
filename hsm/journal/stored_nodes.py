"""Read nodes of the tree: from the edge in memory, or from complete tiles in the database."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, Engine, select

from hsm.journal.errors import JournalDamaged
from hsm.journal.merkle import HASH_SIZE
from hsm.journal.tables import journal_tile
from hsm.journal.tiles import WIDTH, Edge, node_from_tile, tile_of_node

_TILE_BYTES = WIDTH * HASH_SIZE
_CACHED_TILES = 512  # 4 MiB


class TileCache:
    """The complete tiles last used. They never change, so nothing is ever stale. Thread-safe."""

    def __init__(self, capacity: int = _CACHED_TILES) -> None:
        self._capacity = capacity
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, level: int, index: int) -> bytes | None:
        with self._lock:
            hashes = self._tiles.get((level, index))
            if hashes is not None:
                self._tiles.move_to_end((level, index))
            return hashes

    def put(self, level: int, index: int, hashes: bytes) -> None:
        with self._lock:
            self._tiles[level, index] = hashes
            self._tiles.move_to_end((level, index))
            if len(self._tiles) > self._capacity:
                self._tiles.popitem(last=False)


class StoredNodes:
    """A reader of nodes (``merkle.NodeReader``) of the tree that ``edge`` ends."""

    def __init__(
        self, connection: Connection | Callable[[], Connection], edge: Edge, cache: TileCache
    ) -> None:
        self._connection = connection
        self._edge = edge
        self._cache = cache

    @classmethod
    @contextmanager
    def on_demand(cls, engine: Engine, edge: Edge, cache: TileCache) -> "Iterator[StoredNodes]":
        """A reader that takes a connection at the first tile that is in neither edge nor cache."""
        with ExitStack() as stack:
            yield cls(lambda: stack.enter_context(engine.connect()), edge, cache)

    def __call__(self, height: int, index: int) -> bytes:
        """The hash of one node. Raises JournalDamaged, SQLAlchemyError."""
        level, tile, first, count = tile_of_node(height, index)
        return node_from_tile(self.tile(level, tile), first, count)

    def tile(self, level: int, index: int) -> bytes:
        """A tile's hashes, joined: all that the tree has of it."""
        if index == self._edge.size >> (8 * (level + 1)):
            return b"".join(self._edge.partial[level])
        hashes = self._cache.find(level, index)
        if hashes is None:
            hashes = self._read(level, index)
            self._cache.put(level, index, hashes)
        return hashes

    def _read(self, level: int, index: int) -> bytes:
        if not isinstance(self._connection, Connection):
            self._connection = self._connection()
        query = select(journal_tile.c.hashes).where(
            journal_tile.c.level == level, journal_tile.c.tile_index == index
        )
        hashes = self._connection.execute(query).scalar_one_or_none()
        if hashes is None or len(hashes) != _TILE_BYTES:
            raise JournalDamaged("A tile of the journal is missing.", detail=f"tile/{level}/{index}")
        return bytes(hashes)
