"""Hash tiles, 256 wide (C2SP tlog-tiles): the tree in pieces that never change once complete. Pure.

Tile ``(level, index)`` holds the hashes of the nodes of height ``8 * level`` from ``index * 256``.
The *edge* is what is not yet in a complete tile: it stays in memory, and is all that an append needs.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hsm.journal.merkle import HASH_SIZE, leaf_hash, node_hash, root, root_of_perfect

HEIGHT = 8
WIDTH = 256
MAX_LEVEL = 63
_PATH = re.compile(r"tile/(0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)

Nodes = dict[tuple[int, int], bytes]


@dataclass(frozen=True, slots=True)
class TileId:
    """``width`` is 256 for a complete tile, 1 to 255 for a partial one."""

    level: int
    index: int
    width: int = WIDTH

    def path(self) -> str:
        """The tile's path below the log's prefix, such as ``tile/0/x001/067.p/12``."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        number = "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:])
        suffix = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{number}{suffix}"


def parse_tile_path(path: str) -> TileId:
    """The tile that a path names. Raises ValueError; only the one spelling of each tile is accepted."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise ValueError("not a tile path")
    level, number, width = match.groups()
    tile = TileId(int(level), int(number.replace("x", "").replace("/", "")), int(width or WIDTH))
    if tile.level > MAX_LEVEL or tile.path() != path:
        raise ValueError("not a tile path")
    return tile


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes tile ``(level, index)`` has in a tree of ``size`` leaves: 0 to 256."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def tile_of_node(height: int, index: int) -> tuple[int, int, int, int]:
    """Where a node is: ``(level, tile index, first hash, number of hashes)`` within one tile."""
    level, above = divmod(height, HEIGHT)
    first = index << above
    return level, first // WIDTH, first % WIDTH, 1 << above


def node_from_tile(hashes: bytes, first: int, count: int) -> bytes:
    """The node above ``count`` (a power of two) hashes of a tile."""
    part = hashes[first * HASH_SIZE : (first + count) * HASH_SIZE]
    if len(part) != count * HASH_SIZE:
        raise ValueError("the tile is too narrow")
    return root_of_perfect([part[i : i + HASH_SIZE] for i in range(0, len(part), HASH_SIZE)])


@dataclass(frozen=True, slots=True)
class CompleteTile:
    """``hashes`` is 8,192 bytes; ``root`` the node above them, which is one hash of the next level."""

    level: int
    index: int
    hashes: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class Grown:
    """An edge after an append, the tiles that it completed, and every node it touched."""

    edge: "Edge"
    leaf_hashes: tuple[bytes, ...]
    tiles: tuple[CompleteTile, ...]
    nodes: Nodes


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree of ``size`` leaves. Immutable: an append makes a new one.

    ``partial[level]`` holds the hashes of the incomplete tile of that level. ``peaks`` are the roots
    of the perfect subtrees that make up the tree, from the left: one for each 1 in ``size``.
    """

    size: int = 0
    partial: tuple[tuple[bytes, ...], ...] = ()
    peaks: tuple[bytes, ...] = ()

    @classmethod
    def of_partial_tiles(cls, size: int, partial: Iterable[Iterable[bytes]]) -> "Edge":
        """Rebuild the edge from the incomplete tiles. Raises ValueError when their widths are not size's."""
        rows = tuple(tuple(row) for row in partial)
        widths = [(size >> (HEIGHT * level)) % WIDTH for level in range(len(rows))]
        if [len(row) for row in rows] != widths or size >> (HEIGHT * len(rows)):
            raise ValueError("the partial tiles are not those of a tree of this size")
        peaks: list[bytes] = []
        for level in reversed(range(len(rows))):
            at = 0
            for height in reversed(range(HEIGHT)):
                if widths[level] >> height & 1:
                    peaks.append(root_of_perfect(rows[level][at : at + (1 << height)]))
                    at += 1 << height
        return cls(size, rows, tuple(peaks))

    def root(self) -> bytes:
        """The tree's root."""
        peaks = self._peak_nodes()
        return root(self.size, lambda height, index: peaks[height, index])

    def append(self, entries: Iterable[bytes]) -> Grown:
        """The edge with entries added. This one stays as it is."""
        size, peaks = self.size, list(self.peaks)
        rows = [list(row) for row in self.partial]
        nodes = self._peak_nodes()
        tiles: list[CompleteTile] = []
        leaf_hashes: list[bytes] = []
        for entry in entries:
            node, height = leaf_hash(entry), 0
            leaf_hashes.append(node)
            _push(rows, 0, node)
            nodes[0, size] = node
            while size >> height & 1:
                node = node_hash(peaks.pop(), node)
                height += 1
                nodes[height, size >> height] = node
                if height % HEIGHT == 0:
                    level = height // HEIGHT
                    tiles.append(CompleteTile(level - 1, size >> height, b"".join(rows[level - 1]), node))
                    rows[level - 1] = []
                    _push(rows, level, node)
            peaks.append(node)
            size += 1
        edge = Edge(size, tuple(tuple(row) for row in rows), tuple(peaks))
        return Grown(edge, tuple(leaf_hashes), tuple(tiles), nodes)

    def _peak_nodes(self) -> Nodes:
        nodes: Nodes = {}
        at = 0
        heights = [height for height in reversed(range(self.size.bit_length())) if self.size >> height & 1]
        for height, peak in zip(heights, self.peaks, strict=True):
            nodes[height, at >> height] = peak
            at += 1 << height
        return nodes


def _push(rows: list[list[bytes]], level: int, node: bytes) -> None:
    if level == len(rows):
        rows.append([])
    rows[level].append(node)
