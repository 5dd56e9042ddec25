"""Receipts: an inclusion proof with its checkpoint, as text (C2SP tlog-proof v1). Pure.

::

    c2sp.org/tlog-proof@v1
    index 5
    <base64 hash>         zero or more, from the leaf's sibling upwards
    <empty line>
    <the checkpoint's signed note, verbatim>
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hsm.journal.checkpoint import MAX_NOTE, Checkpoint, VerifierKey, verify_checkpoint
from hsm.journal.errors import ProofInvalid
from hsm.journal.merkle import HASH_SIZE, leaf_hash, verify_inclusion

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_MAX_HASHES = 64


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof text says. Nothing of it is verified."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str


def format_proof(index: int, hashes: Sequence[bytes], checkpoint: str) -> str:
    """The proof text."""
    lines = [_FIRST_LINE, f"index {index}", *(base64.b64encode(one).decode() for one in hashes)]
    return "\n".join(lines) + "\n\n" + checkpoint


def parse_proof(text: str) -> Proof:
    """Read a proof text; extra data (which nothing authenticates) is skipped. Raises ProofInvalid."""
    if len(text) > 2 * MAX_NOTE:
        raise ProofInvalid("The proof is too long.")
    header, separator, checkpoint = text.partition("\n\n")
    lines = header.split("\n")
    if not separator or lines.pop(0) != _FIRST_LINE:
        raise ProofInvalid("This is not a c2sp.org/tlog-proof@v1.")
    if lines and lines[0].startswith("extra "):
        _decode(lines.pop(0).removeprefix("extra "))
    match = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if match is None:
        raise ProofInvalid("The proof has no index line.")
    hashes = tuple(_decode(line) for line in lines)
    if len(hashes) > _MAX_HASHES or any(len(one) != HASH_SIZE for one in hashes):
        raise ProofInvalid("The proof's hashes are not of 32 bytes, or too many.")
    return Proof(int(match[1]), hashes, checkpoint)


def verify_proof(text: str, entry: bytes, key: VerifierKey | str) -> tuple[int, Checkpoint]:
    """The entry's index and the checkpoint that contains it. Raises ProofInvalid, CheckpointInvalid."""
    proof = parse_proof(text)
    checkpoint = verify_checkpoint(proof.checkpoint, key)
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return proof.index, checkpoint


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofInvalid("A hash is not base64.") from error
    if base64.b64encode(raw).decode() != text:
        raise ProofInvalid("A hash is not canonical base64.")
    return raw
