"""What the inspection of a document found, with the page where that is known."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["refuse", "warn"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation. ``page`` counts from 1; ``message`` is Vietnamese; ``detail`` is for the log."""

    code: str
    severity: Severity
    message: str
    message_en: str
    page: int | None = None
    detail: str = ""

    def encode(self) -> dict[str, Any]:
        """As JSON-ready members; ``decode_finding`` is the way back."""
        return asdict(self)


def decode_finding(members: dict[str, Any]) -> Finding:
    """The finding that ``Finding.encode`` wrote."""
    return Finding(**members)
