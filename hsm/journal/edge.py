"""Read the right edge from the database, and refuse one that contradicts the head or the past.

This reads the incomplete tiles only: at most 255 leaf hashes and 255 tile roots a level, however
long the log is.
"""

from sqlalchemy import Connection, func, select

from hsm.journal import merkle
from hsm.journal.errors import JournalDamaged, JournalRolledBack
from hsm.journal.merkle import NodeReader
from hsm.journal.tables import journal_entry, journal_head, journal_tile
from hsm.journal.tiles import HEIGHT, WIDTH, Edge


def read_edge(connection: Connection) -> tuple[Edge, bytes]:
    """The edge from the stored leaf hashes and tile roots, and the stored root. Raises JournalDamaged."""
    head = connection.execute(select(journal_head.c.size, journal_head.c.root)).one_or_none()
    size, root = (int(head.size), bytes(head.root)) if head else (0, merkle.EMPTY_ROOT)
    last = connection.execute(select(func.max(journal_entry.c.index))).scalar_one()
    # Leaves beyond the head mean that somebody set the head back, or wrote past it.
    if (last is None and size) or (last is not None and last + 1 != size):
        raise JournalDamaged(
            "The journal's entries do not end where its head says.", detail=f"size {size}, last entry {last}"
        )
    partial = []
    level = 0
    while size >> (HEIGHT * level):
        partial.append(_read_partial(connection, level, size))
        level += 1
    try:
        return Edge.of_partial_tiles(size, partial), root
    except ValueError as error:
        raise JournalDamaged("The journal's last entries or tiles are missing.", detail=str(error)) from error


def _read_partial(connection: Connection, level: int, size: int) -> list[bytes]:
    count = size >> (HEIGHT * level)
    first = count - count % WIDTH
    if level == 0:
        position, value = journal_entry.c.index, journal_entry.c.leaf_hash
        query = select(value).where(position >= first, position < count).order_by(position)
    else:
        position, value = journal_tile.c.tile_index, journal_tile.c.root
        query = select(value).where(journal_tile.c.level == level - 1, position >= first, position < count)
        query = query.order_by(position)
    return [bytes(found) for found in connection.execute(query).scalars()]


def check_head(edge: Edge, stored_root: bytes) -> None:
    """Raises JournalDamaged when the stored root is not that of the stored leaves and tiles."""
    if edge.root() != stored_root:
        raise JournalDamaged(
            "The journal's head does not follow from its entries.", detail=f"size {edge.size}"
        )


def check_same_past(node: NodeReader, edge: Edge, past: tuple[int, bytes]) -> None:
    """Raises JournalRolledBack unless the log that ends with ``edge`` contains the past head."""
    size, root = past
    if edge.size < size:
        raise JournalRolledBack(
            "The journal was set back: it is shorter than it was.", detail=f"{edge.size} < {size}"
        )
    if merkle.root(size, node) != root:
        raise JournalRolledBack("The journal was replaced by another one.", detail=f"size {size}")
