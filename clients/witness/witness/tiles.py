"""Read the tree of one checkpoint out of its tiles and entry bundles (C2SP tlog-tiles)."""

from functools import lru_cache

from witness.errors import LogDamaged
from witness.source import Source
from witness.tree import Growing, leaf_hash

_HEIGHT = 8
_WIDTH = 256
_HASH = 32
_MAX_BUNDLE = _WIDTH * (2 + 0xFFFF)


class Tiles:
    """The published files of a tree of ``size`` leaves. Raises LogDamaged, LogUnavailable."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._size = size
        # The tiles of one look are used several times, and the next look has its own.
        self.hashes = lru_cache(maxsize=1024)(self._hashes)

    def node(self, height: int, index: int) -> bytes:
        """The hash of one perfect subtree, as the tiles have it."""
        level, above = divmod(height, _HEIGHT)
        first = index << above
        hashes = self.hashes(level, first // _WIDTH)[first % _WIDTH : first % _WIDTH + (1 << above)]
        subtree = Growing()
        for one in hashes:
            subtree.add(0, one)
        return subtree.root()

    def bundle(self, index: int) -> list[bytes]:
        """The leaf hashes of up to 256 entries, hashed from the entries and found in their tile."""
        width = self._width(0, index)
        data = self._read("entries", index, width, _MAX_BUNDLE)
        leaves: list[bytes] = []
        at = 0
        while len(leaves) < width:
            start = at + 2
            at = start + int.from_bytes(data[at:start], "big")
            if at > len(data) or start > len(data):
                raise LogDamaged(f"The bundle of the entries from {index * _WIDTH} is truncated.")
            leaves.append(leaf_hash(data[start:at]))
        for position, (found, tile) in enumerate(zip(leaves, self.hashes(0, index), strict=True)):
            if found != tile:
                raise LogDamaged(f"Entry {index * _WIDTH + position} is not the one in the tree.")
        return leaves

    def _hashes(self, level: int, index: int) -> list[bytes]:
        width = self._width(level, index)
        data = self._read(str(level), index, width, _WIDTH * _HASH)[: width * _HASH]
        if len(data) != width * _HASH:
            raise LogDamaged(f"tile/{level}/{index} is truncated.")
        return [data[at : at + _HASH] for at in range(0, len(data), _HASH)]

    def _width(self, level: int, index: int) -> int:
        return min(_WIDTH, (self._size >> (_HEIGHT * level)) - index * _WIDTH)

    def _read(self, kind: str, index: int, width: int, limit: int) -> bytes:
        groups = [f"{index // 1000**power % 1000:03d}" for power in range(7)]
        while len(groups) > 1 and groups[-1] == "000":
            groups.pop()
        path = f"tile/{kind}/" + "".join(f"x{group}/" for group in groups[:0:-1]) + groups[0]
        if width < _WIDTH:
            found = self._source(f"{path}.p/{width}", limit)
            if found is not None:
                return found
        # A partial tile may be gone when the complete one is there.
        found = self._source(path, limit)
        if found is None:
            raise LogDamaged(f"{path} is missing.")
        return found
