"""The rules of the tree, against the recursion of RFC 6962 §2.1 taken word by word."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm.journal import merkle
from hsm.journal.errors import ProofInvalid
from hsm.journal.merkle import verify_consistency, verify_inclusion

leaves = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def naive_root(entries: list[bytes]) -> bytes:
    """RFC 6962 §2.1: MTH."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def reader(entries: list[bytes]) -> merkle.NodeReader:
    return lambda height, index: naive_root(entries[index << height : (index + 1) << height])


def flip(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8 % len(value)] ^= 1 << bit % 8
    return bytes(changed)


@given(leaves)
def test_the_root_is_that_of_the_naive_recursion(entries: list[bytes]) -> None:
    assert merkle.root_from_entries(entries) == naive_root(entries)
    assert merkle.root(len(entries), reader(entries)) == naive_root(entries)


def test_the_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert merkle.root_from_entries([]) == hashlib.sha256().digest()


@given(leaves, st.data())
def test_an_inclusion_proof_verifies_and_no_flipped_bit_does(
    entries: list[bytes], data: st.DataObject
) -> None:
    size, root = len(entries), naive_root(entries)
    index = data.draw(st.integers(0, size - 1))
    leaf = merkle.leaf_hash(entries[index])
    proof = merkle.inclusion_proof(index, size, reader(entries))
    assert verify_inclusion(leaf, index, size, proof, root) == root
    bit = data.draw(st.integers(0, 255))
    forgeries = [(flip(leaf, bit), proof, root), (leaf, proof, flip(root, bit)), (leaf, [*proof, root], root)]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        forgeries.append((leaf, [*proof[:at], flip(proof[at], bit), *proof[at + 1 :]], root))
        forgeries.append((leaf, proof[:-1], root))
    for forged_leaf, forged_proof, forged_root in forgeries:
        with pytest.raises(ProofInvalid):
            verify_inclusion(forged_leaf, index, size, forged_proof, forged_root)


@given(leaves, st.data())
def test_a_consistency_proof_verifies_and_no_flipped_bit_does(
    entries: list[bytes], data: st.DataObject
) -> None:
    new = len(entries)
    old = data.draw(st.integers(1, new))
    old_root, new_root = naive_root(entries[:old]), naive_root(entries)
    proof = merkle.consistency_proof(old, new, reader(entries))
    assert verify_consistency(old, old_root, new, new_root, proof) == new_root
    bit = data.draw(st.integers(0, 255))
    forgeries = [
        (flip(old_root, bit), new_root, proof),
        (old_root, flip(new_root, bit), proof),
        (old_root, new_root, [*proof, old_root]),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        forgeries.append((old_root, new_root, [*proof[:at], flip(proof[at], bit), *proof[at + 1 :]]))
        forgeries.append((old_root, new_root, proof[:-1]))
    for forged_old, forged_new, forged_proof in forgeries:
        with pytest.raises(ProofInvalid):
            verify_consistency(old, forged_old, new, forged_new, forged_proof)


def test_every_index_and_size_up_to_forty_has_its_proofs() -> None:
    entries = [bytes([number]) for number in range(40)]
    for size in range(1, 41):
        root = naive_root(entries[:size])
        node = reader(entries[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node)
            verify_inclusion(merkle.leaf_hash(entries[index]), index, size, proof, root)
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(old, size, node)
            verify_consistency(old, naive_root(entries[:old]), size, root, proof)


def test_an_entry_cannot_pass_for_an_inner_node() -> None:
    left, right = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def test_indices_beyond_the_tree_are_refused() -> None:
    with pytest.raises(ValueError, match="not below"):
        merkle.inclusion_proof(3, 3, reader([b"a", b"b", b"c"]))
    with pytest.raises(ValueError, match="not below"):
        merkle.consistency_proof(4, 3, reader([b"a", b"b", b"c"]))
