"""Acts as a client sees them: checked before they are approved, built for hashes.

An act is RFC 8785 canonical JSON; its bytes are signed exactly as they are.
"""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import rfc8785

from antin.errors import SubstitutedDocument

ALGORITHMS = ("ES256", "PS256", "RS256")
LONGEST_SECONDS = 24 * 3600
SKEW_SECONDS = 120
HASHES_SECONDS = 300

_MEMBERS = {
    "type",
    "act_id",
    "client_id",
    "credential_id",
    "algorithm",
    "document_kind",
    "issued_at",
    "expires_at",
    "items",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What we asked to have signed; the act must say exactly this.

    ``digest``: SHA-256 of the prepared document, recomputed here. ``source``: SHA-256 of our own
    file. ``title`` and ``algorithm`` are compared when not empty.
    """

    client_id: str
    credential_id: str
    digest: bytes
    source: bytes
    title: str = ""
    algorithm: str = ""
    document_kind: str = ""


def check_act(act: bytes, asked: Asked, now: datetime) -> dict[str, Any]:
    """Refuse an act that is not for our document, credential and client, or not for now; its members.

    A typed operation in it is for ``antin.operation`` to check. Raises SubstitutedDocument: whoever
    approved such an act would sign something else.
    """
    fields = _parse(act)
    if fields.get("type") != "sign" or fields.keys() - {"operation"} != _MEMBERS:
        _refuse("act không phải yêu cầu ký", "the act is not a signing act")
    if fields["credential_id"] != asked.credential_id:
        _refuse("act dùng chứng thư khác", "the act uses another credential")
    if fields["client_id"] != asked.client_id:
        _refuse("act dành cho hệ thống khác", "the act is for another client")
    accepted = (asked.algorithm,) if asked.algorithm else ALGORITHMS
    if fields["algorithm"] not in accepted:
        _refuse("act dùng thuật toán khác", f"the act's algorithm is none of {', '.join(accepted)}")
    if asked.document_kind and fields["document_kind"] != asked.document_kind:
        _refuse("act ghi loại văn bản khác", "the act names another kind of document")
    _check_time(fields["issued_at"], fields["expires_at"], now)
    _check_item(fields["items"], asked)
    return fields


def _check_time(issued_at: object, expires_at: object, now: datetime) -> None:
    second = int(now.timestamp())
    if type(issued_at) is not int or type(expires_at) is not int:
        _refuse("act thiếu thời hạn", "the act has no proper times")
    if issued_at > second + SKEW_SECONDS:
        _refuse("act lập ở tương lai; kiểm tra đồng hồ máy", "the act is from the future; check the clock")
    if expires_at <= second:
        _refuse("act đã hết hạn; kiểm tra đồng hồ máy", "the act has expired; check the clock")
    if expires_at > second + LONGEST_SECONDS + SKEW_SECONDS:
        _refuse("act có hạn quá dài", "the act stays valid for too long")


def _check_item(items: object, asked: Asked) -> None:
    # One document was sent: a second item would be a signature nobody asked for.
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        _refuse("act không ký đúng một văn bản", "the act does not sign exactly one document")
    item = items[0]
    if not item.keys() <= {"digest", "kind", "title", "source", "over"} or item.get("kind") != "prepared":
        _refuse("act không ký văn bản đã chuẩn bị", "the act's item is not a prepared document")
    if _digest(item.get("digest")) != asked.digest:
        _refuse("act ký một văn bản khác tệp của ta", "the act is for another document than our file")
    if "source" in item and _digest(item["source"]) != asked.source:
        _refuse("act ghi tệp nguồn khác", "the act names another source file")
    if asked.title and item.get("title") != asked.title:
        _refuse("act ghi tiêu đề khác", "the act carries another title")


def hashes_act(
    *,
    client_id: str,
    credential_id: str,
    algorithm: str,
    items: Sequence[tuple[bytes, str]],
    now: datetime,
    document_kind: str = "document",
) -> bytes:
    """The act that signs these digests (SHA-256, 32 bytes, with titles) as they are, for 5 minutes."""
    issued_at = int(now.timestamp())
    return rfc8785.dumps(
        {
            "type": "sign",
            "act_id": secrets.token_urlsafe(16),
            "client_id": client_id,
            "credential_id": credential_id,
            "algorithm": algorithm,
            "document_kind": document_kind,
            "issued_at": issued_at,
            "expires_at": issued_at + HASHES_SECONDS,
            "items": [
                {"digest": base64.b64encode(digest).decode(), "kind": "dtbsr", "title": title}
                for digest, title in items
            ],
        }
    )


def act_digest(act: bytes) -> bytes:
    """What an approval approves: SHA-256 of the act's bytes."""
    return hashlib.sha256(act).digest()


def _parse(act: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(act)
        canonical = rfc8785.dumps(fields)
    except (ValueError, RecursionError, rfc8785.CanonicalizationError) as error:
        raise _substituted("act không đọc được", "the act is not JSON") from error
    # Another spelling could mean one thing to us and another to the key process.
    if canonical != act or not isinstance(fields, dict):
        _refuse("act không ở dạng chuẩn RFC 8785", "the act is not in canonical form (RFC 8785)")
    return fields


def _digest(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _refuse(vi: str, en: str) -> NoReturn:
    raise _substituted(vi, en)


def _substituted(vi: str, en: str) -> SubstitutedDocument:
    return SubstitutedDocument(
        f"Không phê duyệt: {vi}. Đừng ký lại; báo cho quản trị hệ thống ký số.",
        f"Not approved: {en}. Do not try again; tell the signing service's operators.",
    )
