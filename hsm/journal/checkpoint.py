"""Checkpoints (C2SP tlog-checkpoint) as signed notes (C2SP signed-note), with Ed25519. Pure.

A note is its text, an empty line, and signature lines ``— name base64(key id ‖ signature)``.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hsm.journal.errors import CheckpointInvalid
from hsm.journal.merkle import HASH_SIZE

MAX_NOTE = 128 * 1024
MAX_SIGNATURES = 64
_ED25519 = b"\x01"
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_VERIFIER_KEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head that its log signed."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A log's name and its raw Ed25519 public key (32 bytes)."""

    name: str
    public_key: bytes

    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), the first four bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:4]

    def __str__(self) -> str:
        """``name+hash+key``, as Go's note.Verifier writes it."""
        key = base64.b64encode(_ED25519 + self.public_key).decode()
        return f"{self.name}+{self.key_id().hex()}+{key}"


def verifier_key(name: str, public_key: bytes) -> str:
    """The text form of a verifier key. Raises CheckpointInvalid for a name that no note can carry."""
    _check_name(name)
    return str(VerifierKey(name, public_key))


def parse_verifier_key(text: str) -> VerifierKey:
    """Read ``name+hash+key``. Raises CheckpointInvalid."""
    match = _VERIFIER_KEY.fullmatch(text)
    if match is None:
        raise CheckpointInvalid("The verifier key is not of the form name+hash+key.")
    _check_name(match[1])
    raw = _decode(match[3])
    key = VerifierKey(match[1], raw[1:])
    if raw[:1] != _ED25519 or len(raw) != 33:
        raise CheckpointInvalid("The verifier key is not an Ed25519 key.")
    if key.key_id().hex() != match[2]:
        raise CheckpointInvalid("The verifier key's hash does not match.")
    return key


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """The text to sign (as UTF-8): origin, size, root, each with its newline."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def format_note(body: str, name: str, public_key: bytes, signature: bytes) -> str:
    """The note: body, and the one signature by this key."""
    key_id = VerifierKey(name, public_key).key_id()
    return f"{body}\n— {name} {base64.b64encode(key_id + signature).decode()}\n"


def verify_checkpoint(note: str, key: VerifierKey | str) -> Checkpoint:
    """The checkpoint of a note that ``key`` signed, with ``key``'s name as its origin.

    Signatures by other keys are ignored (C2SP signed-note). Raises CheckpointInvalid.
    """
    if isinstance(key, str):
        key = parse_verifier_key(key)
    body, signatures = _split_note(note)
    ours = [value for name, key_id, value in signatures if (name, key_id) == (key.name, key.key_id())]
    if not ours:
        raise CheckpointInvalid("The checkpoint is not signed by this log's key.")
    if len(ours) > 1:
        raise CheckpointInvalid("The checkpoint is signed twice by one key.")
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(ours[0], body.encode())
    except (InvalidSignature, ValueError) as error:
        raise CheckpointInvalid("The checkpoint's signature does not verify.") from error
    checkpoint = parse_body(body)
    if checkpoint.origin != key.name:
        raise CheckpointInvalid("The checkpoint is of another log.")
    return checkpoint


def parse_body(body: str) -> Checkpoint:
    """Read a checkpoint's text. Says nothing of signatures. Raises CheckpointInvalid."""
    lines = body.split("\n")
    # Extension lines are allowed but not recommended, and mean nothing here; they must not be empty.
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise CheckpointInvalid("The checkpoint is not of three or more non-empty lines.")
    if not _DECIMAL.fullmatch(lines[1]):
        raise CheckpointInvalid("The checkpoint's size is not a decimal number.")
    root = _decode(lines[2])
    if len(root) != HASH_SIZE:
        raise CheckpointInvalid("The checkpoint's root is not 32 bytes long.")
    return Checkpoint(lines[0], int(lines[1]), root)


def _split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    if len(note) > MAX_NOTE:
        raise CheckpointInvalid("The note is too long.")
    try:
        note.encode()
    except UnicodeEncodeError as error:
        raise CheckpointInvalid("The note is not valid Unicode.") from error
    if any(char < " " and char != "\n" for char in note):
        raise CheckpointInvalid("The note holds control characters.")
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise CheckpointInvalid("The note has no signatures.")
    signatures = list(_signatures(lines))
    if len(signatures) > MAX_SIGNATURES:
        raise CheckpointInvalid("The note has too many signatures.")
    return text + "\n", signatures


def _signatures(lines: str) -> Iterator[tuple[str, bytes, bytes]]:
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, space, value = rest.partition(" ")
        if dash != "—" or not space:
            raise CheckpointInvalid("A signature line is not well formed.")
        _check_name(name)
        raw = _decode(value)
        if len(raw) < 5:
            raise CheckpointInvalid("A signature is too short.")
        yield name, raw[:4], raw[4:]


def _check_name(name: str) -> None:
    if not name or "+" in name or any(char.isspace() for char in name):
        raise CheckpointInvalid("A key name must not be empty nor hold spaces or a plus sign.")


def _decode(text: str) -> bytes:
    """RFC 4648 §4, in its one canonical spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CheckpointInvalid("A value is not base64.") from error
    if base64.b64encode(raw).decode() != text:
        raise CheckpointInvalid("A value is not canonical base64.")
    return raw
