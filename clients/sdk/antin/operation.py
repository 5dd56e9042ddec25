"""Typed operations of an office (Decree 30/2020/NĐ-CP): what is asked, and that the act says just that."""

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from antin.byte_ranges import find_range
from antin.errors import ConfigError, SubstitutedDocument

OPERATIONS = ("initial", "sign", "issue", "annex", "copy", "incoming", "comment")
COPY_FORMS = ("sao_y", "sao_luc", "trich_sao")
SECRECY = ("none", "mat", "toi_mat", "tuyet_mat")
_SIGNATURE_ID = re.compile(r"[0-9a-f]{32}")
# Of the wire, and as the act spells them.
_MEMBERS = {
    "office": "office",
    "capacity": "capacity",
    "mandate_id": "mandate",
    "copy_form": "copy_form",
    "document_number": "document_number",
    "issued_on": "issued_on",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """``name``: one of OPERATIONS; the rest as ``POST /v1/signatures`` has it, what is empty is not sent.

    ``capacity``: "KT. CHỦ TỊCH", lines parted by " / ". ``over``: the signature this comes after, by its
    signature id or as a journal leaf's number; ``over_digest``: what that leaf signed, for an annex named
    by a leaf. ``office`` is the credential's unless given.
    """

    name: str
    office: str = ""
    capacity: str = ""
    mandate_id: str = ""
    copy_form: str = ""
    document_number: str = ""
    issued_on: str = ""
    over: str = ""
    over_digest: bytes = b""

    def members(self) -> dict[str, Any]:
        """As the wire carries it. Raises ConfigError."""
        if self.name not in OPERATIONS:
            raise ConfigError(
                f"Không có nghiệp vụ {self.name!r}: chọn {', '.join(OPERATIONS)}.",
                f"There is no operation {self.name!r}: choose {', '.join(OPERATIONS)}.",
            )
        optional = {name: getattr(self, name) for name in _MEMBERS if getattr(self, name)}
        return {"operation": self.name, **optional, **({"over": self._over()} if self.over else {})}

    def _over(self) -> dict[str, Any]:
        if _SIGNATURE_ID.fullmatch(self.over):
            return {"signature_id": self.over}
        if not self.over.isdecimal() or len(self.over) > 15:
            raise ConfigError(
                f"over là mã chữ ký hoặc số mục nhật ký: {self.over!r}.",
                f"over is a signature id or the number of a journal entry: {self.over!r}.",
            )
        digest = {"digest": base64.b64encode(self.over_digest).decode()} if self.over_digest else {}
        return {"leaf_index": int(self.over), **digest}


def check_not_secret(secrecy: str) -> None:
    """State secrets are not sent to the service at all. Raises ConfigError."""
    if secrecy not in SECRECY:
        raise ConfigError(
            f"Không có độ mật {secrecy!r}: chọn {', '.join(SECRECY)}.",
            f"There is no secrecy {secrecy!r}: choose {', '.join(SECRECY)}.",
        )
    if secrecy != "none":
        raise ConfigError(
            "Văn bản mật không được ký trên hệ thống này; tệp chưa được gửi đi.",
            "State secrets are not signed in this system; the file was not sent.",
        )


def check_operation(act: dict[str, Any], asked: Operation | None, own: Path | bytes) -> None:
    """Refuse an act for another operation, or one over a signature that our own file does not carry.

    ``own``: the file that was sent. Raises SubstitutedDocument.
    """
    said, over = act.get("operation"), act["items"][0].get("over")
    if asked is None:
        if said is not None or over is not None:
            _refuse("act ghi nghiệp vụ không ai yêu cầu", "the act names an operation nobody asked for")
        return
    if not isinstance(said, dict) or said.get("name") != asked.name or not said.get("office"):
        _refuse("act ghi nghiệp vụ khác", "the act names another operation")
    for wire, spelled in _MEMBERS.items():
        wanted = getattr(asked, wire)
        # The office is the credential's, and the service's to fill in, unless we named it.
        if said.get(spelled, "") != wanted and (wire != "office" or wanted):
            _refuse(f"act ghi {wire} khác", f"the act says another {wire}")
    _check_over(over, asked, own)


def _check_over(over: object, asked: Operation, own: Path | bytes) -> None:
    if not asked.over:
        if over is not None:
            _refuse("act nối tiếp một chữ ký không ai nêu", "the act comes after a signature nobody named")
        return
    if not isinstance(over, dict):
        _refuse("act không nối tiếp chữ ký đã nêu", "the act does not come after the signature we named")
    by_leaf = not _SIGNATURE_ID.fullmatch(asked.over)
    if by_leaf and over.get("leaf_index") != int(asked.over):
        _refuse("act nối tiếp chữ ký khác", "the act comes after another signature")
    digest = _digest(over.get("digest"))
    if asked.over_digest and digest != asked.over_digest:
        _refuse("act nối tiếp chữ ký khác", "the act comes after another signature")
    # An annex comes after a signature in its main document, which is not here.
    if asked.name != "annex" and find_range(own, digest) is None:
        _refuse(
            "act nối tiếp một chữ ký không có trong tệp của ta",
            "the act comes after a signature that our file does not carry",
        )


def _digest(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _refuse(vi: str, en: str) -> NoReturn:
    raise SubstitutedDocument(
        f"Không phê duyệt: {vi}. Đừng ký lại; báo cho quản trị hệ thống ký số.",
        f"Not approved: {en}. Do not try again; tell the signing service's operators.",
    )
