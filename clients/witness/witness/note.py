"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature). Pure.

Written apart from the log's own code, so that one mistake is not made on both sides.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from witness.errors import NoteInvalid

MAX_NOTE = 128 * 1024
LOG_KEY = b"\x01"
COSIGNER_KEY = b"\x04"
_NUMBER = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A vkey: whose signature lines to look for. ``kind``: 0x01 a log's, 0x04 a cosigner's."""

    name: str
    kind: bytes
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.kind + self.public_key).decode()}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A verified tree head, and the note it came in, verbatim."""

    origin: str
    size: int
    root: bytes
    note: str


def parse_verifier_key(text: str, kind: bytes) -> VerifierKey:
    """Read ``name+hash+key``. Raises NoteInvalid."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decode(encoded)
    key = VerifierKey(name, raw[:1], raw[1:])
    if not name or any(char.isspace() for char in name) or len(raw) != 33 or key.key_id.hex() != key_id:
        raise NoteInvalid("The verifier key is not of the form name+hash+key: copy it whole.")
    if key.kind != kind:
        raise NoteInvalid("The verifier key is of another kind: a log's and a witness's differ.")
    return key


def verify_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint of a note that the log's key signed. Raises NoteInvalid."""
    body, value = _find_signature(note, key)
    _verify(key.public_key, value, body.encode())
    lines = body.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or not _NUMBER.fullmatch(lines[1]):
        raise NoteInvalid("The note is not a checkpoint.")
    if lines[0] != key.name:
        raise NoteInvalid("The checkpoint is of another log: its origin is not the key's name.")
    root = _decode(lines[2])
    if len(root) != 32:
        raise NoteInvalid("The checkpoint's root is not 32 bytes long.")
    return Checkpoint(lines[0], int(lines[1]), root, note)


def cosign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey, *, now: int) -> str:
    """The note with our line added; lines of ours that were there are dropped.

    ``now``: Unix seconds, the time at which we say that this is the largest tree we have seen.
    """
    body, lines = _split(checkpoint.note)
    public = key.public_key().public_bytes_raw()
    key_id = VerifierKey(name, COSIGNER_KEY, public).key_id
    others = [line for line, of, found, _ in lines if (of, found) != (name, key_id)]
    value = now.to_bytes(8, "big") + key.sign(_cosigned(body, now))
    ours = f"— {name} {base64.b64encode(key_id + value).decode()}"
    return body + "\n" + "".join(line + "\n" for line in [*others, ours])


def verify_cosignature(note: str, key: VerifierKey) -> int:
    """When the witness cosigned this note, in Unix seconds. Raises NoteInvalid."""
    body, value = _find_signature(note, key)
    moment = int.from_bytes(value[:8], "big")
    if len(value) != 72 or moment >= 1 << 63:
        raise NoteInvalid("The cosignature is not 8 bytes of time and 64 of signature.")
    _verify(key.public_key, value[8:], _cosigned(body, moment))
    return moment


def _cosigned(body: str, moment: int) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{body}".encode()


def _find_signature(note: str, key: VerifierKey) -> tuple[str, bytes]:
    body, lines = _split(note)
    found = [value for _, name, key_id, value in lines if (name, key_id) == (key.name, key.key_id)]
    if len(found) != 1:
        raise NoteInvalid(f"The note is not signed, once, by {key.name}.")
    return body, found[0]


def _split(note: str) -> tuple[str, list[tuple[str, str, bytes, bytes]]]:
    """The body, and of each signature line: itself, its name, its key id, its value."""
    body, separator, signatures = note.rpartition("\n\n")
    if len(note) > MAX_NOTE or not separator or not signatures.endswith("\n"):
        raise NoteInvalid("This is not a signed note.")
    if any(char < " " and char != "\n" for char in note):
        raise NoteInvalid("The note holds control characters.")
    lines = []
    for line in signatures[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = _decode(encoded)
        if dash != "—" or not name or len(raw) < 5:
            raise NoteInvalid("A signature line is not well formed.")
        lines.append((line, name, raw[:4], raw[4:]))
    return body + "\n", lines


def _verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise NoteInvalid("The signature does not verify.") from error


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("A value is not base64.") from error
    if base64.b64encode(raw).decode() != text:
        raise NoteInvalid("A value is not canonical base64.")
    return raw
