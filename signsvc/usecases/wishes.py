"""What a caller asks of a signature: frozen once it leaves the web."""

from dataclasses import dataclass
from typing import Literal

from hsm.client import CopyForm, OperationName
from signsvc.pades.appearance import VisibleSignature
from signsvc.pades.levels import Level

OnUnavailable = Literal["fail", "wait"]


@dataclass(frozen=True, slots=True)
class EarlierWish:
    """What this signature comes after: one made here, or a leaf of the journal, perhaps with its digest."""

    signature_id: str = ""
    leaf_index: int | None = None
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class OperationWish:
    """A typed operation; members as in ``hsm.client.OfficeOperation``.

    ``office`` may be left out: then it is the credential's.
    """

    name: OperationName
    office: str = ""
    capacity: str = ""
    mandate: str = ""
    copy_form: CopyForm | Literal[""] = ""
    document_number: str = ""
    issued_on: str = ""
    over: EarlierWish | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """``title`` is what the signer reads and the journal keeps. ``operation``: None for a plain signature."""

    credential_id: str
    level: Level
    title: str
    document_kind: str = "document"
    visible: VisibleSignature | None = None
    reason: str = ""
    location: str = ""
    contact: str = ""
    on_unavailable: OnUnavailable = "fail"
    operation: OperationWish | None = None
