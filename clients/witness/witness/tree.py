"""Merkle trees (RFC 9162 §2.1, SHA-256) as ranges of perfect subtrees that can only grow. Pure.

A *node* is a perfect subtree: ``(height, index)`` covers the leaves ``[index << height, (index + 1) <<
height)``. A tree of n leaves is the row of perfect subtrees that n's binary digits name; growing it
merges equal neighbours. So a tree that was grown from the old row provably contains the old tree.
"""

import hashlib
from collections.abc import Iterator

EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree as its row of perfect subtrees, from the left; it grows at the right."""

    def __init__(self) -> None:
        self.size = 0
        self._row: list[tuple[int, bytes]] = []

    def add(self, height: int, node: bytes) -> None:
        """Add the perfect subtree of this height that begins where the tree ends."""
        if self.size & ((1 << height) - 1):
            raise ValueError("no subtree of this height begins here")
        self.size += 1 << height
        while self._row and self._row[-1][0] == height:
            node = node_hash(self._row.pop()[1], node)
            height += 1
        self._row.append((height, node))

    def root(self) -> bytes:
        if not self._row:
            return EMPTY_ROOT
        node = self._row[-1][1]
        for _, left in reversed(self._row[:-1]):
            node = node_hash(left, node)
        return node


def covering(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The largest nodes ``(height, index)`` that make up the leaves ``[start, end)``, from the left."""
    while start < end:
        room = (end - start).bit_length() - 1
        aligned = (start & -start).bit_length() - 1 if start else room
        height = min(room, aligned)
        yield height, start >> height
        start += 1 << height
