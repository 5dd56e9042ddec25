"""What a caller asks of a signature: frozen once it leaves the web."""

from dataclasses import dataclass
from typing import Literal

from signsvc.pades.appearance import VisibleSignature
from signsvc.pades.levels import Level

OnUnavailable = Literal["fail", "wait"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """``title`` is what the signer reads and the journal keeps."""

    credential_id: str
    level: Level
    title: str
    document_kind: str = "document"
    visible: VisibleSignature | None = None
    reason: str = ""
    location: str = ""
    contact: str = ""
    on_unavailable: OnUnavailable = "fail"
