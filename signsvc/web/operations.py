"""The wire's typed operation, turned into ours."""

import base64
import binascii
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from hsm.client import BY_PERSON, CopyForm, OperationName
from signsvc.errors import RequestRefused
from signsvc.usecases.wishes import EarlierWish, OperationWish
from signsvc.web.wire import PLAIN, Body, Id

Secrecy = Literal["none", "mat", "toi_mat", "tuyet_mat"]
OfficeId = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
Capacity = Annotated[
    str,
    StringConstraints(max_length=200, pattern=PLAIN),
    Field(description='Lines parted by " / ": TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH / PHÓ CHỦ TỊCH'),
]
Number = Annotated[str, StringConstraints(max_length=60, pattern=PLAIN)]
Day = Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Sha256 = Annotated[str, StringConstraints(max_length=44), Field(description="SHA-256, base64")]


class OverMember(Body):
    """The signature this one comes after: one made here (``signature_id``), or a journal leaf.

    For an annex it is its main document's; by ``leaf_index`` it then needs ``digest`` too.
    """

    signature_id: Id | None = None
    leaf_index: Annotated[int | None, Field(ge=0, lt=2**53)] = None
    digest: Sha256 = ""

    @model_validator(mode="after")
    def _check_one(self) -> "OverMember":
        if (self.signature_id is None) == (self.leaf_index is None):
            raise ValueError("name signature_id or leaf_index, one of the two")
        if self.digest and self.leaf_index is None:
            raise ValueError("digest goes with leaf_index")
        return self

    def read(self) -> EarlierWish:
        """Raises RequestRefused when the digest is not one."""
        try:
            digest = base64.b64decode(self.digest, validate=True)
        except (ValueError, binascii.Error):
            digest = b"?"
        if len(digest) not in (0, 32):
            raise RequestRefused(
                "over.digest phải là SHA-256, base64.", "over.digest must be a SHA-256 in base64."
            )
        return EarlierWish(self.signature_id or "", self.leaf_index, digest)


class OperationMembers(Body):
    """What a typed operation adds to a body; without ``operation`` none of it may stand."""

    operation: OperationName | None = None
    office: OfficeId = ""
    capacity: Capacity = ""
    mandate_id: OfficeId = ""
    copy_form: CopyForm | None = None
    document_number: Number = ""
    issued_on: Day = ""
    over: OverMember | None = None
    secrecy: Secrecy = "none"

    @model_validator(mode="after")
    def _check_operation(self) -> "OperationMembers":
        by_person = self.operation in BY_PERSON
        if self.operation is None:
            for name in (
                "office",
                "capacity",
                "mandate_id",
                "copy_form",
                "document_number",
                "issued_on",
                "over",
            ):
                if getattr(self, name):
                    raise ValueError(f"{name} goes with an operation")
        if self.operation == "sign" and not self.capacity:
            raise ValueError("who signs says in which capacity")
        if self.capacity and not by_person:
            raise ValueError("an office's seal has no capacity")
        if self.mandate_id and not self.capacity:
            raise ValueError("a mandate goes with the capacity it gives")
        if (self.operation == "copy") != (self.copy_form is not None):
            raise ValueError("a copy, and nothing else, has a copy_form")
        if self.document_number and self.operation not in ("issue", "annex"):
            raise ValueError("document_number is for issue and annex")
        if self.issued_on and self.operation != "issue":
            raise ValueError("issued_on is for issue")
        return self

    def read_operation(self) -> OperationWish | None:
        """Raises RequestRefused."""
        if self.operation is None:
            return None
        return OperationWish(
            self.operation,
            office=self.office,
            capacity=self.capacity,
            mandate=self.mandate_id,
            copy_form=self.copy_form or "",
            document_number=self.document_number,
            issued_on=self.issued_on,
            over=self.over.read() if self.over else None,
        )
