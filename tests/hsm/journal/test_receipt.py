"""Receipts as C2SP tlog-proof text."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hsm.journal import merkle
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.errors import CheckpointInvalid, ProofInvalid
from hsm.journal.receipt import format_proof, parse_proof, verify_proof
from hsm.journal.tiles import Edge

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)
ENTRIES = [b'{"type":"intent","position":%d}' % number for number in range(5)]


def receipt_of(index: int, size: int = 5) -> str:
    grown = Edge().append(ENTRIES[:size])
    body = checkpoint_body(ORIGIN, size, grown.edge.root())
    note = format_note(body, ORIGIN, PUBLIC, KEY.sign(body.encode()))
    proof = merkle.inclusion_proof(index, size, lambda height, at: grown.nodes[height, at])
    return format_proof(index, proof, note)


def test_a_receipt_has_the_form_of_the_specification() -> None:
    lines = receipt_of(4).split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 4"]
    assert len(lines[2]) == 44
    assert lines[3:6] == ["", ORIGIN, "5"]


@pytest.mark.parametrize("size", range(1, 6))
def test_every_receipt_verifies(size: int) -> None:
    for index in range(size):
        found, checkpoint = verify_proof(receipt_of(index, size), ENTRIES[index], VERIFIER)
        assert (found, checkpoint.size) == (index, size)


def test_a_receipt_is_for_its_own_entry_only() -> None:
    with pytest.raises(ProofInvalid):
        verify_proof(receipt_of(2), ENTRIES[3], VERIFIER)


RECEIPT = receipt_of(2)


@given(st.integers(0, len(RECEIPT) - 1), st.characters(codec="utf-8"))
def test_no_changed_character_goes_unnoticed(at: int, character: str) -> None:
    forged = RECEIPT[:at] + character + RECEIPT[at + 1 :]
    if forged == RECEIPT:
        return
    with pytest.raises((ProofInvalid, CheckpointInvalid)):
        verify_proof(forged, ENTRIES[2], VERIFIER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        RECEIPT.replace("@v1", "@v2"),
        RECEIPT.replace("index 2", "index 02"),
        RECEIPT.replace("index 2", "index 2 "),
        RECEIPT.replace("index 2\n", ""),
        RECEIPT.replace("\n", "\r\n"),
        RECEIPT.replace("index 2\n", "index 2\nAAAA\n"),
        RECEIPT.replace("index 2\n", "extra !\nindex 2\n"),
        RECEIPT.replace("index 2\n", "index 2\n" + "A" * 43 + "=\n" * 70),
        "x" * 300_000,
    ],
)
def test_a_proof_out_of_form_is_refused(text: str) -> None:
    with pytest.raises(ProofInvalid):
        verify_proof(text, ENTRIES[2], VERIFIER)


def test_extra_data_is_skipped() -> None:
    text = RECEIPT.replace("index 2\n", "extra YWJj\nindex 2\n")
    assert parse_proof(text) == parse_proof(RECEIPT)
