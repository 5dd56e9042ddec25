"""Verify a receipt offline: that an entry is in the journal that a verifier key signs for.

Standard library only, and written apart from the service's own code: whoever doubts the service can
read this file and ``ed25519.py``. A receipt is ``{"entry": base64, "proof": text}``; the proof is a
C2SP tlog-proof, whose checkpoint is a C2SP signed note; hashes are those of RFC 6962.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from antin.ed25519 import SignatureInvalid, check_signature
from antin.errors import ConfigError, ProofRefused

_MAX_TEXT = 256 * 1024
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")


class ReceiptError(ProofRefused):
    """The receipt, the checkpoint or the export proves nothing: the sentence says why."""


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """``entry`` is in the journal at ``index``, as its signer said when the journal had ``size`` entries."""

    index: int
    size: int
    entry: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """A verified checkpoint."""

    size: int
    root: bytes


def verify_receipt(
    receipt: dict[str, Any], verifier_key: str, signature: bytes | None = None
) -> VerifiedReceipt:
    """The receipt's entry, proven to be in the journal. Raises ReceiptError; ConfigError for the key.

    ``signature``: also check that the entry, an outcome, names these signature bytes (ECDSA in DER,
    RSA as it is). An intent is written before there is a signature, so it cannot name one.
    """
    entry_text, proof = receipt.get("entry"), receipt.get("proof")
    if not isinstance(entry_text, str) or not isinstance(proof, str) or len(proof) > _MAX_TEXT:
        raise ReceiptError(
            "Biên nhận phải có hai trường văn bản entry và proof.",
            "The receipt must have the text members entry and proof.",
        )
    entry = decode_base64(entry_text)
    header, separator, note = proof.partition("\n\n")
    lines = header.split("\n")
    if not separator or lines[0] != "c2sp.org/tlog-proof@v1":
        raise ReceiptError("Đây không phải là tlog-proof@v1.", "This is not a c2sp.org/tlog-proof@v1.")
    del lines[0]
    if lines and lines[0].startswith("extra "):
        del lines[0]
    if not lines or not lines[0].startswith("index "):
        raise ReceiptError("Biên nhận thiếu dòng index.", "The proof has no index line.")
    index = decode_number(lines[0].removeprefix("index "))
    head = verify_checkpoint(note, verifier_key)
    _check_inclusion(entry, index, head, [decode_base64(line, 32) for line in lines[1:]])
    content = parse_entry(entry)
    if signature is not None:
        _check_names_signature(content, signature)
    return VerifiedReceipt(index, head.size, content)


def verify_checkpoint(note: str, verifier_key: str) -> Head:
    """The head that ``verifier_key`` signed. Raises ReceiptError; ConfigError for the key."""
    name, key_id, public_key = _parse_verifier_key(verifier_key)
    body, separator, signature_lines = note.rpartition("\n\n")
    text = body + "\n"
    if not separator or len(note) > _MAX_TEXT or not signature_lines.endswith("\n"):
        raise ReceiptError("Checkpoint không có chữ ký.", "The checkpoint has no signatures.")
    if any(character < " " and character != "\n" for character in note):
        raise ReceiptError("Checkpoint có ký tự điều khiển.", "The checkpoint holds control characters.")
    ours = []
    for line in signature_lines[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not parts[1]:
            raise ReceiptError(
                "Dòng chữ ký sai dạng.", "A signature line of the checkpoint is not well formed."
            )
        value = decode_base64(parts[2])
        # Other keys' lines (witnesses, a key being changed) are none of our business.
        if parts[1] == name and value[:4] == key_id:
            ours.append(value[4:])
    if len(ours) != 1:
        raise ReceiptError(
            "Checkpoint không do khoá của nhật ký này ký đúng một lần.",
            "The checkpoint is not signed, once, by this journal's key.",
        )
    try:
        check_signature(public_key, text.encode(), ours[0])
    except (SignatureInvalid, UnicodeEncodeError) as error:
        raise ReceiptError(
            "Chữ ký của checkpoint không đúng.", "The checkpoint's signature does not verify."
        ) from error
    lines = body.split("\n")
    if len(lines) < 3 or not all(lines) or lines[0] != name:
        raise ReceiptError("Checkpoint của nhật ký khác.", "The checkpoint is of another journal.")
    return Head(decode_number(lines[1]), decode_base64(lines[2], 32))


def _parse_verifier_key(text: str) -> tuple[str, bytes, bytes]:
    name, _, rest = text.partition("+")
    key_hash, _, key_text = rest.partition("+")
    try:
        raw = base64.b64decode(key_text, validate=True)
        computed = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    except ValueError as error:
        raise _wrong_key() from error
    # 0x01: Ed25519 (C2SP signed-note).
    if not name or len(raw) != 33 or raw[0] != 1 or key_hash != computed.hex():
        raise _wrong_key()
    return name, computed, raw[1:]


def _wrong_key() -> ConfigError:
    return ConfigError(
        "verifier_key phải có dạng tên+mã+khoá, chép đủ từ nơi công bố.",
        "The verifier key must be name+hash+key, copied whole from where it is published.",
    )


def _check_inclusion(entry: bytes, index: int, head: Head, proof: list[bytes]) -> None:
    """RFC 6962 §2.1.1, by walking down from the root to see which side each sibling is on."""
    if index >= head.size:
        raise ReceiptError("Chỉ số vượt quá nhật ký.", "The index is beyond the checkpoint's journal.")
    left_siblings = []
    first, count = 0, head.size
    while count > 1:
        half = 1 << ((count - 1).bit_length() - 1)
        right = index - first >= half
        left_siblings.append(right)
        first, count = (first + half, count - half) if right else (first, half)
    if len(proof) != len(left_siblings):
        raise ReceiptError("Chứng minh sai độ dài.", "The proof has the wrong number of hashes.")
    node = hashlib.sha256(b"\x00" + entry).digest()
    for sibling, on_the_left in zip(proof, reversed(left_siblings), strict=True):
        pair = sibling + node if on_the_left else node + sibling
        node = hashlib.sha256(b"\x01" + pair).digest()
    if node != head.root:
        raise ReceiptError(
            "Chứng minh không dẫn đến gốc của checkpoint: mục này không có trong nhật ký.",
            "The proof does not lead to the checkpoint's root: this entry is not in the journal.",
        )


def _check_names_signature(content: dict[str, Any], signature: bytes) -> None:
    if content.get("type") != "outcome":
        raise ReceiptError(
            "Mục này được ghi trước khi ký nên không nêu chữ ký; hãy dùng biên nhận của mục kết quả.",
            "This entry was written before signing and names no signature: use the receipt of the outcome.",
        )
    digest = hashlib.sha256(signature).hexdigest()
    items = content.get("intents")
    if not isinstance(items, list) or not any(
        isinstance(item, dict) and item.get("signature") == digest for item in items
    ):
        raise ReceiptError("Biên nhận của chữ ký khác.", "The receipt is of another signature.")


def parse_entry(entry: bytes) -> dict[str, Any]:
    """A journal entry's JSON object. Raises ReceiptError."""
    try:
        content = json.loads(entry.decode(), object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ReceiptError("Mục nhật ký không phải JSON.", "The entry is not JSON.") from error
    if not isinstance(content, dict):
        raise ReceiptError("Mục nhật ký không phải đối tượng JSON.", "The entry is not a JSON object.")
    return content


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # Two readers could take two different members for the true one.
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def decode_base64(text: str, length: int | None = None) -> bytes:
    """Canonical RFC 4648 §4 base64, of ``length`` bytes if given. Raises ReceiptError."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ReceiptError("Giá trị không phải base64.", "A value is not base64.") from error
    if base64.b64encode(value).decode() != text or (length is not None and len(value) != length):
        raise ReceiptError("Giá trị base64 sai dạng.", "A base64 value is not of its one proper form.")
    return value


def decode_number(text: str) -> int:
    """A decimal without leading zeroes, below 10^19. Raises ReceiptError."""
    if not _NUMBER.fullmatch(text):
        raise ReceiptError("Số sai dạng.", "A number is not a plain decimal.")
    return int(text)
