"""Everything the PAdES layer raises.

::

    PadesError
    ├── DocumentRefused           the document may not be signed as it is; ``findings`` say why
    │   └── SecretDocument        it is, or is said to be, a state secret
    ├── PlacementImpossible       no such page, or the stamp does not fit where it was asked
    ├── StampUnusable             the stamp's picture or text can't be set
    ├── ReserveTooSmall           the signature does not fit into the gap that was approved
    ├── DocumentChanged           the file is not the one that was prepared
    ├── InspectionUnavailable     no inspecting process could be started; ask again later
    └── LevelUnreachable          what the level needs is not to be had now; ask again later
        ├── TimestampUnavailable
        └── RevocationUnavailable
            └── CertificateRevoked    an answer came, and it says revoked: asking again is useless

Each speaks in two voices and two languages: ``message`` (Vietnamese) and ``message_en`` are safe to
show a caller, ``detail`` is for the log only.
"""

from signsvc.pades.findings import Finding


class PadesError(Exception):
    """The root. ``message`` Vietnamese, ``message_en`` English, ``detail`` for the log."""

    code = "pades_error"

    def __init__(self, message: str, message_en: str, *, detail: str = "") -> None:
        super().__init__(message_en)
        self.message = message
        self.message_en = message_en
        self.detail = detail


class DocumentRefused(PadesError):
    """The document may not be signed as it is: 422. ``findings`` name what and where."""

    code = "document_refused"

    def __init__(self, findings: tuple[Finding, ...], *, detail: str = "") -> None:
        first = findings[0]
        super().__init__(
            f"Không thể ký tài liệu này: {first.message}",
            f"This document cannot be signed: {first.message_en}",
            detail=detail or first.detail,
        )
        self.findings = findings


class SecretDocument(DocumentRefused):
    """It bears a mark of secrecy, or its sender says that it is secret: 422. Nothing of it is kept."""

    code = "secret_document"


class PlacementImpossible(PadesError):
    """There is no such page, or the rectangle does not lie on it: 422."""

    code = "placement_impossible"


class StampUnusable(PadesError):
    """The picture is no PNG we can use, or the text has letters the font lacks, or does not fit: 422."""

    code = "stamp_unusable"


class ReserveTooSmall(PadesError):
    """The CMS is larger than the gap. Prepare again with a larger reserve: the digest will differ."""

    code = "reserve_too_small"

    def __init__(self, needed: int, reserved: int) -> None:
        super().__init__(
            "Chữ ký lớn hơn chỗ dành sẵn trong tài liệu; hãy chuẩn bị lại tài liệu.",
            "The signature is larger than the room reserved in the document; prepare it again.",
            detail=f"needed {needed} bytes, reserved {reserved}",
        )
        self.needed = needed
        self.reserved = reserved


class DocumentChanged(PadesError):
    """The file is not the one that was prepared: nothing was written. 409."""

    code = "document_changed"


class InspectionUnavailable(PadesError):
    """No inspecting process could be started: 503. It says nothing about the document."""

    code = "inspection_unavailable"


class LevelUnreachable(PadesError):
    """What the level needs is not to be had now: 503. ``retry_after`` in seconds.

    The document never gets a lower level instead.
    """

    code = "level_unreachable"

    def __init__(self, message: str, message_en: str, *, retry_after: int = 30, detail: str = "") -> None:
        super().__init__(message, message_en, detail=detail)
        self.retry_after = retry_after


class TimestampUnavailable(LevelUnreachable):
    """No time-stamping authority gave a token that stands our checks."""

    code = "timestamp_unavailable"


class RevocationUnavailable(LevelUnreachable):
    """No fresh, verified OCSP response or CRL for a certificate of the chain."""

    code = "revocation_unavailable"


class CertificateRevoked(RevocationUnavailable):
    """The authority says that a certificate of the chain is revoked."""

    code = "certificate_revoked"
