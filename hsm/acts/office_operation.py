"""Typed operations: what an act does in an office's course of a document, and what it comes after.

Decree 30/2020/NĐ-CP, Art. 12 to 15, 24 to 27, 32, 33. Members of the act's canonical JSON, so that they
are approved and journalled with everything else; an act without them is a plain signature.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NoReturn, get_args

from hsm.errors import ActMalformed

OperationName = Literal["initial", "sign", "issue", "annex", "copy", "incoming", "comment"]
CopyForm = Literal["sao_y", "sao_luc", "trich_sao"]
OPERATIONS: tuple[str, ...] = get_args(OperationName)
COPY_FORMS: tuple[str, ...] = get_args(CopyForm)
# What a person does in their own name; the others are the office's, by its clerk and its seal.
BY_PERSON = frozenset({"initial", "sign", "comment"})
MAX_CAPACITY = 200
_MAX_ID = 200
# Decree 30/2020, Annex VI: a number of 11 characters, a notation of 30.
_MAX_NUMBER = 60
_MAX_LEAF = 2**53
_DIGEST_BYTES = 32
_OPTIONAL = {
    "capacity": MAX_CAPACITY,
    "mandate": _MAX_ID,
    "copy_form": 20,
    "document_number": _MAX_NUMBER,
    "issued_on": 10,
}
# What must not stand in words that people read (see ``hsm.acts.act``).
MISLEADING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class OfficeOperation:
    """``name`` is done in ``office``.

    ``capacity``: the words of authority above the signature, lines parted by " / ":
    "TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH / PHÓ CHỦ TỊCH". ``sign`` needs one; ``mandate`` names the mandate
    it comes from, where several would do. ``copy_form``: of a ``copy``. ``document_number``: number and
    notation that an ``issue`` gives ("12/QĐ-UBND"), or those of the document that an ``annex`` belongs to;
    ``issued_on``: the date that an ``issue`` gives, ISO 8601.
    """

    name: OperationName
    office: str
    capacity: str = ""
    mandate: str = ""
    copy_form: CopyForm | Literal[""] = ""
    document_number: str = ""
    issued_on: str = ""

    def encode(self) -> dict[str, str]:
        """Members of the act; what is empty is left out."""
        optional = {name: getattr(self, name) for name in _OPTIONAL if getattr(self, name)}
        return {"name": self.name, "office": self.office, **optional}


@dataclass(frozen=True, slots=True)
class Earlier:
    """The signature that an item comes after: its leaf in the journal, and the digest that was signed.

    For an ``annex`` it is its main document's; for every other operation the last one in the same file.
    """

    leaf_index: int
    digest: bytes

    def encode(self) -> dict[str, Any]:
        """Members of the item."""
        return {"leaf_index": self.leaf_index, "digest": base64.b64encode(self.digest).decode()}


def parse_operation(value: object) -> OfficeOperation:
    """Read ``operation``. Raises ActMalformed."""
    fields = _object(value, {"name", "office"}, set(_OPTIONAL), "operation")
    name = fields["name"]
    if name not in OPERATIONS:
        _refuse(f"an operation is one of {', '.join(OPERATIONS)}")
    optional: dict[str, Any] = {one: _text(fields, one, _OPTIONAL[one]) for one in _OPTIONAL if one in fields}
    operation = OfficeOperation(name, _text(fields, "office", _MAX_ID), **optional)
    if operation.capacity and name not in BY_PERSON:
        _refuse("an office's seal has no capacity: leave it out")
    if name == "sign" and not operation.capacity:
        _refuse("who signs says in which capacity")
    if operation.mandate and not operation.capacity:
        _refuse("a mandate goes with the capacity it gives")
    if (name == "copy") != (operation.copy_form in COPY_FORMS):
        _refuse(f"a copy, and nothing else, has a copy_form: {', '.join(COPY_FORMS)}")
    if operation.document_number and name not in ("issue", "annex"):
        _refuse("a document's number is given when it is issued, and stands on its annexes")
    if operation.issued_on and (name != "issue" or not _is_date(operation.issued_on)):
        _refuse("the date of issue, YYYY-MM-DD, is given when a document is issued")
    return operation


def parse_earlier(value: object) -> Earlier:
    """Read an item's ``over``. Raises ActMalformed, or ValueError for what is not base64."""
    fields = _object(value, {"leaf_index", "digest"}, set(), "over")
    leaf_index = fields["leaf_index"]
    if isinstance(leaf_index, bool) or not isinstance(leaf_index, int) or not 0 <= leaf_index < _MAX_LEAF:
        _refuse("over names a leaf of the journal")
    digest = base64.b64decode(_text(fields, "digest", 64), validate=True)
    if len(digest) != _DIGEST_BYTES:
        _refuse("over names a SHA-256 of 32 bytes")
    return Earlier(leaf_index, digest)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _object(value: object, needed: set[str], possible: set[str], name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not needed <= value.keys() <= needed | possible:
        _refuse(
            f"{name} has {', '.join(sorted(needed))}, and perhaps {', '.join(sorted(possible)) or 'no more'}"
        )
    return value


def _text(fields: Mapping[str, Any], name: str, maximum: int) -> str:
    value = fields[name]
    if not isinstance(value, str) or not 0 < len(value) <= maximum or MISLEADING.search(value):
        _refuse(f"{name} must be one line of 1 to {maximum} characters")
    return value


def _refuse(reason: str) -> NoReturn:
    raise ActMalformed(f"The act is malformed: {reason}.")
