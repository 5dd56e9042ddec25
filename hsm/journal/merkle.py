"""Merkle tree hashing and proofs (RFC 9162 §2.1; the hashes are those of RFC 6962). Pure.

A *node* is a perfect subtree: ``(height, index)`` covers the leaves ``[index << height,
(index + 1) << height)``. Proofs are computed from a reader of nodes, so that they do not care
whether nodes come from memory, from tiles or from a test.
"""

import hashlib
from collections.abc import Sequence
from typing import Protocol

from hsm.journal.errors import ProofInvalid

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class NodeReader(Protocol):
    """Returns the 32-byte hash of a node that lies wholly inside the tree."""

    def __call__(self, height: int, index: int) -> bytes: ...


def leaf_hash(entry: bytes) -> bytes:
    """RFC 9162 §2.1.1: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 §2.1.1: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_perfect(hashes: Sequence[bytes]) -> bytes:
    """The root above neighbouring nodes of one height. Their number must be a power of two."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def root_from_entries(entries: Sequence[bytes]) -> bytes:
    """The root of a whole tree."""
    hashes = [leaf_hash(entry) for entry in entries]
    return root(len(hashes), lambda height, index: root_of_perfect(_covered(hashes, height, index)))


def _covered(hashes: Sequence[bytes], height: int, index: int) -> Sequence[bytes]:
    return hashes[index << height : (index + 1) << height]


def root(size: int, node: NodeReader) -> bytes:
    """The root of the first ``size`` leaves."""
    return range_root(0, size, node) if size else EMPTY_ROOT


def range_root(start: int, end: int, node: NodeReader) -> bytes:
    """The hash over the leaves ``[start, end)``. ``start`` must be where RFC 9162 splits the tree."""
    nodes = perfect_nodes(start, end)
    height, index = nodes[-1]
    result = node(height, index)
    for height, index in reversed(nodes[:-1]):
        result = node_hash(node(height, index), result)
    return result


def perfect_nodes(start: int, end: int) -> list[tuple[int, int]]:
    """The largest nodes that make up ``[start, end)``, from the left: heights fall."""
    nodes = []
    while start < end:
        height = (end - start).bit_length() - 1
        nodes.append((height, start >> height))
        start += 1 << height
    return nodes


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """RFC 9162 §2.1.3.1: siblings from the leaf upwards. Raises ValueError unless index < size."""
    if not 0 <= index < size:
        raise ValueError(f"index {index} is not below size {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(middle, end, node))
            end = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """RFC 9162 §2.1.4.1; empty when ``old`` is 0 or equals ``new``. Raises ValueError when old > new."""
    if not 0 <= old <= new:
        raise ValueError(f"size {old} is not below size {new}")
    if old in {0, new}:
        return []
    proof: list[bytes] = []
    start, end = 0, new
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_root(middle, end, node))
            end = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
    if start:
        proof.append(range_root(start, end, node))
    proof.reverse()
    return proof


def _split(count: int) -> int:
    """The largest power of two smaller than ``count`` (RFC 9162's k)."""
    return 1 << ((count - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bytes:
    """RFC 9162 §2.1.3.2: the root, proven to contain the leaf hash at ``index``. Raises ProofInvalid."""
    if not 0 <= index < size:
        raise ProofInvalid("The index is not below the tree's size.")
    _check_lengths([leaf, root, *proof])
    position, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("The inclusion proof is too long.")
        if position & 1 or position == last:
            result = node_hash(sibling, result)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofInvalid("The inclusion proof is too short.")
    if result != root:
        raise ProofInvalid("The inclusion proof does not lead to the root.")
    return result


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bytes:
    """RFC 9162 §2.1.4.2: the new root, proven to extend the old tree. Raises ProofInvalid.

    ``old`` must not be 0: every tree extends the empty one, so a proof of that would say nothing.
    """
    if not 0 < old <= new:
        raise ProofInvalid("The old size must be above 0 and not above the new size.")
    if old == new:
        if proof or old_root != new_root:
            raise ProofInvalid("The roots are not the same, or the proof should be empty.")
        return new_root
    _check_lengths([old_root, new_root, *proof])
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofInvalid("The consistency proof is empty.")
    if _climb(old, new, hashes) != (old_root, new_root):
        raise ProofInvalid("The roots are not consistent.")
    return new_root


def _climb(old: int, new: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofInvalid("The consistency proof is too long.")
        if position & 1 or position == last:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofInvalid("The consistency proof is too short.")
    return first, second


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(len(one) != HASH_SIZE for one in hashes):
        raise ProofInvalid("A hash is not 32 bytes long.")
