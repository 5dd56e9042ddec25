"""Acts: what is to be done, as canonical JSON whose SHA-256 is what people approve.

An act is pure data and has one digest. Its bytes are RFC 8785 canonical JSON; bytes that are not
their own canonical form are refused, so that one act cannot be written in two ways.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import orjson

from hsm.acts.canonical import canonical
from hsm.acts.office_operation import (
    MISLEADING,
    Earlier,
    OfficeOperation,
    parse_earlier,
    parse_operation,
)
from hsm.algorithms import SignatureAlgorithm
from hsm.errors import ActMalformed

# 10,000 items with titles of 500 Vietnamese letters. With a client's JWS of it (base64) and the items'
# attributes it stays below what the trust line carries at once.
MAX_ACT_BYTES = 12 * 1024 * 1024
MAX_ITEMS = 10_000
MAX_TITLE = 500
SHA256_BYTES = 32
ItemKind = Literal["prepared", "dtbsr", "open"]


@dataclass(frozen=True, slots=True)
class ActItem:
    """One thing to be signed.

    ``digest``: SHA-256, 32 bytes. For ``prepared`` it is the ByteRange digest of the document the
    signer was shown (CSC's SDR); for ``dtbsr`` it is what the key signs, or the digest of what it is
    asked to sign. ``open`` has none: one signature on whatever comes (CSC's SCAL1), where the key
    profile lists it. ``source``: SHA-256 of the file as the client sent it, empty when not known.
    ``over``: the signature it comes after, in an act with an operation.
    """

    digest: bytes
    title: str
    kind: ItemKind = "prepared"
    source: bytes = b""
    over: Earlier | None = None


@dataclass(frozen=True, slots=True)
class SignAct:
    """Sign these digests with this credential, for this client.

    ``act_id`` is 128 random bits: it makes each act's digest unique and unguessable.
    ``issued_at`` and ``expires_at`` are Unix seconds. ``operation``: what it is in an office's course of
    the documents; None for a plain signature.
    """

    act_id: str
    client_id: str
    credential_id: str
    algorithm: SignatureAlgorithm
    items: tuple[ActItem, ...]
    issued_at: int
    expires_at: int
    document_kind: str = "document"
    operation: OfficeOperation | None = None

    def encode(self) -> bytes:
        """The act's one canonical form."""
        return canonical(
            {
                "type": "sign",
                "act_id": self.act_id,
                "client_id": self.client_id,
                "credential_id": self.credential_id,
                "algorithm": str(self.algorithm),
                "document_kind": self.document_kind,
                "issued_at": self.issued_at,
                "expires_at": self.expires_at,
                "items": [_encode_item(item) for item in self.items],
            }
            | ({"operation": self.operation.encode()} if self.operation else {})
        )


@dataclass(frozen=True, slots=True)
class AdminAct:
    """Something administrators do to keys or clients: ``action`` and its ``parameters``."""

    act_id: str
    action: str
    parameters: dict[str, Any]
    issued_at: int
    expires_at: int

    def encode(self) -> bytes:
        """The act's one canonical form."""
        return canonical(
            {
                "type": "admin",
                "act_id": self.act_id,
                "action": self.action,
                "parameters": self.parameters,
                "issued_at": self.issued_at,
                "expires_at": self.expires_at,
            }
        )


def new_act_id() -> str:
    """128 random bits, base64url without padding."""
    return secrets.token_urlsafe(16)


def act_digest(act: bytes) -> bytes:
    """What an approval approves: SHA-256 of the canonical bytes."""
    return hashlib.sha256(act).digest()


def parse_sign_act(data: bytes) -> SignAct:
    """Read a signing act.

    Raises ActMalformed when the bytes are too many, not canonical, or not of this shape.
    """
    fields = _parse_canonical(data, "sign")
    try:
        _expect_fields(
            fields,
            {
                "type",
                "act_id",
                "client_id",
                "credential_id",
                "algorithm",
                "document_kind",
                "issued_at",
                "expires_at",
                "items",
            },
            {"operation"},
        )
        items = fields["items"]
        if not isinstance(items, list) or not 0 < len(items) <= MAX_ITEMS:
            _refuse(f"an act lists from 1 to {MAX_ITEMS} items")
        return SignAct(
            act_id=_text(fields, "act_id"),
            client_id=_text(fields, "client_id"),
            credential_id=_text(fields, "credential_id"),
            algorithm=SignatureAlgorithm(_text(fields, "algorithm")),
            document_kind=_text(fields, "document_kind"),
            issued_at=_seconds(fields, "issued_at"),
            expires_at=_seconds(fields, "expires_at"),
            items=tuple(_parse_item(item, typed="operation" in fields) for item in items),
            operation=parse_operation(fields["operation"]) if "operation" in fields else None,
        )
    except ValueError as error:
        raise ActMalformed("The act is malformed.", detail=str(error)) from error


def parse_admin_act(data: bytes) -> AdminAct:
    """Read an administrative act. Raises ActMalformed as ``parse_sign_act`` does."""
    fields = _parse_canonical(data, "admin")
    _expect_fields(fields, {"type", "act_id", "action", "parameters", "issued_at", "expires_at"})
    parameters = fields["parameters"]
    if not isinstance(parameters, dict):
        _refuse("parameters must be an object")
    return AdminAct(
        act_id=_text(fields, "act_id"),
        action=_text(fields, "action"),
        parameters=parameters,
        issued_at=_seconds(fields, "issued_at"),
        expires_at=_seconds(fields, "expires_at"),
    )


def _parse_canonical(data: bytes, kind: str) -> dict[str, Any]:
    if len(data) > MAX_ACT_BYTES:
        _refuse(f"an act has at most {MAX_ACT_BYTES} bytes")
    try:
        fields = orjson.loads(data)
        same = canonical(fields) == data
    except (ValueError, TypeError) as error:
        raise ActMalformed("The act is not canonical JSON.", detail=str(error)) from error
    # A duplicated member, another order or spelling would let two texts share one meaning.
    if not same:
        _refuse("the act is not in canonical form (RFC 8785)")
    if not isinstance(fields, dict) or fields.get("type") != kind:
        _refuse(f"the act is not of type {kind}")
    return fields


def _encode_item(item: ActItem) -> dict[str, Any]:
    encoded: dict[str, Any] = {"kind": item.kind, "title": item.title}
    if item.kind != "open":
        encoded["digest"] = base64.b64encode(item.digest).decode()
    if item.source:
        encoded["source"] = base64.b64encode(item.source).decode()
    if item.over:
        encoded["over"] = item.over.encode()
    return encoded


def _parse_item(fields: object, *, typed: bool) -> ActItem:
    possible = {"digest", "kind", "title", "source"} | ({"over"} if typed else set())
    if not isinstance(fields, dict) or not {"kind", "title"} <= fields.keys() <= possible:
        _refuse("an item has digest, kind, title and perhaps source")
    kind = fields["kind"]
    if kind not in ("prepared", "dtbsr", "open"):
        _refuse("an item is prepared, dtbsr or open")
    title = _text(fields, "title", maximum=MAX_TITLE)
    if MISLEADING.search(title):
        _refuse("a title holds no control and no direction characters")
    if kind == "open":
        if fields.keys() != {"kind", "title"}:
            _refuse("an open item has kind and title alone")
        return ActItem(digest=b"", title=title, kind=kind)
    if "digest" not in fields:
        _refuse("an item has digest, kind, title and perhaps source")
    source = _digest(fields["source"]) if "source" in fields else b""
    over = parse_earlier(fields["over"]) if "over" in fields else None
    return ActItem(digest=_digest(fields["digest"]), title=title, kind=kind, source=source, over=over)


def _digest(value: object) -> bytes:
    if not isinstance(value, str):
        _refuse("a digest is base64 text")
    digest = base64.b64decode(value, validate=True)
    if len(digest) != SHA256_BYTES:
        _refuse("a digest is a SHA-256 of 32 bytes")
    return digest


def _text(fields: dict[str, Any], name: str, maximum: int = 200) -> str:
    value = fields[name]
    if not isinstance(value, str) or not 0 < len(value) <= maximum:
        _refuse(f"{name} must be a text of 1 to {maximum} characters")
    return value


def _seconds(fields: dict[str, Any], name: str) -> int:
    value = fields[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _refuse(f"{name} must be Unix seconds")
    return value


def _expect_fields(
    fields: dict[str, Any], names: set[str], possible: frozenset[str] | set[str] = frozenset()
) -> None:
    if not names <= fields.keys() <= names | possible:
        _refuse(f"expected exactly the members {sorted(names)}")


def _refuse(reason: str) -> NoReturn:
    raise ActMalformed(f"The act is malformed: {reason}.")
