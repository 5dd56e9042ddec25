"""A document prepared for its signature: what the service appended, and the digest to approve.

The prepared document is our own file followed by ``suffix``; the signature will stand in ``gap``,
the only bytes its digest leaves out (ISO 32000-2 §12.8.1).
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Any

from antin.acts import act_digest
from antin.errors import DamagedDownload, SubstitutedDocument

_HEX = frozenset(b"0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class PreparedSignature:
    """``gap`` holds offsets into the prepared document: start inclusive, end exclusive."""

    signature_id: str
    act: bytes
    document_digest: bytes
    base_size: int
    base_sha256: bytes
    gap: tuple[int, int]
    suffix: bytes = field(repr=False)

    @property
    def act_digest(self) -> bytes:
        """What will be approved: SHA-256 of the act."""
        return act_digest(self.act)

    @property
    def size(self) -> int:
        """Bytes of the prepared document."""
        return self.base_size + len(self.suffix)


def parse_prepared(members: dict[str, Any]) -> PreparedSignature:
    """Read the answer of ``POST /v1/signatures``. Raises SubstitutedDocument when it makes no sense."""
    try:
        start, end = members["gap"]
        prepared = PreparedSignature(
            signature_id=str(members["id"]),
            act=members["act"].encode(),
            document_digest=base64.b64decode(members["document_digest"], validate=True),
            base_size=int(members["base_size"]),
            base_sha256=bytes.fromhex(members["base_sha256"]),
            gap=(int(start), int(end)),
            suffix=base64.b64decode(members["suffix"], validate=True),
        )
        said = bytes.fromhex(members["act_digest"])
    except (KeyError, ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise _refused("câu trả lời chuẩn bị ký thiếu hoặc sai trường", "its members are wrong") from error
    if said != prepared.act_digest:
        raise _refused("act_digest không khớp act", "act_digest is not the act's")
    return prepared


def recompute_digest(prepared: PreparedSignature, own_size: int, own: "hashlib._Hash") -> bytes:
    """SHA-256 of our own file and the suffix, without the gap; checks that they belong together.

    ``own``: the SHA-256 state over our own file. Raises SubstitutedDocument.
    """
    if prepared.base_size != own_size or prepared.base_sha256 != own.digest():
        raise _refused("văn bản chuẩn bị không dựa trên tệp của ta", "it is not based on our file")
    start, end = (offset - prepared.base_size for offset in prepared.gap)
    # The gap is the one place whose bytes nobody signs: it must hold a hex string and nothing else.
    if not 0 <= start < end <= len(prepared.suffix) or not is_hex_string(prepared.suffix[start:end]):
        raise _refused("chỗ trống cho chữ ký không hợp lệ", "the gap for the signature is not one")
    digest = own.copy()
    digest.update(prepared.suffix[:start])
    digest.update(prepared.suffix[end:])
    if digest.digest() != prepared.document_digest:
        raise _refused("giá trị băm không khớp tệp của ta", "its digest is not that of our file")
    return digest.digest()


class ReturnedFile:
    """Checks a signed file as it arrives: our own bytes, then exactly what was approved.

    What follows the prepared document (revocation data, document time-stamps: later increments)
    is not looked at here; it cannot change what the signature covers.
    """

    def __init__(self, prepared: PreparedSignature) -> None:
        self._prepared = prepared
        # Up to the gap one hash serves all three questions, so that a large file is hashed once.
        self._whole = hashlib.sha256()
        self._own = b""
        self._covered = hashlib.sha256()
        self._gap = bytearray()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of what arrived."""
        return self._whole.hexdigest()

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the file."""
        base, (start, end) = self._prepared.base_size, self._prepared.gap
        view, at = memoryview(chunk), self.size
        self.size += len(chunk)
        self._whole.update(_part(view, at, 0, base))
        if at <= base <= self.size:
            self._own = self._whole.digest()
        self._whole.update(_part(view, at, base, start))
        if at <= start <= self.size:
            self._covered = self._whole.copy()
        self._whole.update(_part(view, at, start, at + len(chunk)))
        self._gap += _part(view, at, start, end)
        self._covered.update(_part(view, at, end, self._prepared.size))

    def check(self, approved: bytes) -> None:
        """``approved``: the digest the act carried. Raises DamagedDownload."""
        if self.size < self._prepared.size or self._own != self._prepared.base_sha256:
            raise _damaged("không bắt đầu bằng đúng tệp gốc", "does not begin with our own file")
        if self._covered.digest() != approved or not is_hex_string(bytes(self._gap)):
            raise _damaged("không phải văn bản đã phê duyệt", "is not the document that was approved")


def is_hex_string(value: bytes) -> bool:
    """Whether these bytes are one PDF hexadecimal string, ``<…>``."""
    return len(value) > 2 and value[:1] == b"<" and value[-1:] == b">" and _HEX.issuperset(value[1:-1])


def _part(view: memoryview, at: int, start: int, end: int) -> memoryview:
    """The part of a chunk that begins at offset ``at`` which lies in [start, end)."""
    return view[max(0, start - at) : max(0, end - at)]


def _refused(vi: str, en: str) -> SubstitutedDocument:
    return SubstitutedDocument(
        f"Không phê duyệt: {vi}. Đừng ký lại; báo cho quản trị hệ thống ký số.",
        f"Not approved: the service prepared another document: {en}. Tell its operators.",
    )


def _damaged(vi: str, en: str) -> DamagedDownload:
    return DamagedDownload(
        f"Tệp nhận về {vi}; không lưu. Thử tải lại; nếu vẫn vậy, báo quản trị.",
        f"The file that came back {en}; it was not kept. Try again, then tell the operators.",
    )
