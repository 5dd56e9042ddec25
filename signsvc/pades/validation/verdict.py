"""What a validation says (ETSI EN 319 102-1 §5.1.3; Circular 15/2025/TT-BKHCN Art. 6 and Annex II).

A verdict comes out of a process that has read a hostile document, so it is parsed again, by these
models, before anybody relies on its shape.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from signsvc.pades.levels import Level

MAX_TEXT = 500


def clip(text: str) -> str:
    """Texts come from the document: they are kept short, and without control characters."""
    printable = "".join(character if character.isprintable() else " " for character in text[: 2 * MAX_TEXT])
    return printable if len(printable) <= MAX_TEXT else printable[: MAX_TEXT - 1] + "…"


Text = Annotated[str, AfterValidator(clip)]


class Indication(StrEnum):
    """The main status; NO_SIGNATURE is ours, for a document without any signature."""

    TOTAL_PASSED = "TOTAL_PASSED"
    INDETERMINATE = "INDETERMINATE"
    TOTAL_FAILED = "TOTAL_FAILED"
    NO_SIGNATURE = "NO_SIGNATURE"


_SEVERITY = (
    Indication.NO_SIGNATURE,
    Indication.TOTAL_PASSED,
    Indication.INDETERMINATE,
    Indication.TOTAL_FAILED,
)


def severity(indication: Indication) -> int:
    """The larger, the worse."""
    return _SEVERITY.index(indication)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reason(_Part):
    """Why, for programs (``code``) and for people, Vietnamese first."""

    code: str
    message: Text
    message_en: Text


class Signer(_Part):
    """The subject of the signing certificate. ``managing_unit``: its O and OU, as the circular asks."""

    name: Text
    organisation: Text | None = None
    organisational_unit: Text | None = None
    managing_unit: Text | None = None
    title: Text | None = None
    identifier: Text | None = None


class Certificate(_Part):
    """The signing certificate. ``serial_number`` and ``sha256`` are hexadecimal."""

    subject: Text
    issuer: Text
    issuer_name: Text
    serial_number: Text
    not_before: datetime
    not_after: datetime
    sha256: str
    training: bool


class SigningTime(_Part):
    """When. ``proven``: no later than this, says an authority; ``claimed``: the signer says so."""

    value: datetime | None
    kind: Literal["proven", "claimed", "none"]
    source: Literal["signature-timestamp", "document-timestamp", "signed-attribute", "dictionary", "none"]


class Algorithm(_Part):
    """Names as the CMS has them, and the key: ``rsa-3072``, ``ec-secp256r1`` …"""

    digest: Text
    signature: Text
    key: Text


class Change(_Part):
    """What a revision after the signature did. ``page`` counts from 1."""

    revision: int
    kind: Literal["signature", "timestamp", "validation_data", "form_filling", "annotation", "other"]
    allowed: bool
    message: Text
    message_en: Text
    fields: tuple[Text, ...] = ()
    page: int | None = None


class Claims(_Part):
    """What the signature dictionary says of itself; signed, but nobody checks it."""

    name: Text | None = None
    reason: Text | None = None
    location: Text | None = None
    contact: Text | None = None


class SignatureVerdict(_Part):
    """One signature or document time-stamp. ``reasons`` led to the indication, ``warnings`` did not.

    ``revision`` counts from 1; ``signed_length``: its bytes, so the file cut there is what was signed.
    ``rect``: as the page is stored, in points. ``level``: the PAdES level reached, with every part of it
    checked; ``None`` for a signature that is not PAdES.
    """

    kind: Literal["signature", "timestamp"]
    field_name: Text
    verdict: Indication
    sub_indication: str | None = None
    title: str
    title_en: str
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    signer: Signer | None = None
    certificate: Certificate | None = None
    signing_time: SigningTime = SigningTime(value=None, kind="none", source="none")
    integrity: Literal["intact", "broken", "unknown"] = "unknown"
    validity_at_signing: Literal["valid", "invalid", "unknown"] = "unknown"
    level: Level | None = None
    algorithm: Algorithm | None = None
    training: bool = False
    page: int | None = None
    rect: tuple[float, float, float, float] | None = None
    revision: int | None = None
    signed_length: int | None = None
    covers_whole_file: bool = False
    certification: bool = False
    docmdp: Literal["P1", "P2", "P3"] | None = None
    claims: Claims = Claims()
    later_changes: tuple[Change, ...] = ()


class DocumentFacts(_Part):
    """The file as a whole. ``None`` where it could not be read."""

    size: int
    pages: int | None = None
    revisions: int | None = None
    encrypted: bool = False
    signed_to_the_end: bool = False


class Verdict(_Part):
    """The document's verdict is its worst signature's; ``timestamps`` are the document time-stamps."""

    verdict: Indication
    sub_indication: str | None = None
    title: str
    title_en: str
    reasons: tuple[Reason, ...] = ()
    signatures: tuple[SignatureVerdict, ...] = ()
    timestamps: tuple[SignatureVerdict, ...] = ()
    document: DocumentFacts
    checked_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Plain members, as the API answers them; times are ISO 8601."""
        return self.model_dump(mode="json")

    def signed_revision(self, index: int) -> int:
        """The length in bytes of what signature ``index`` (from 0) signed: cut the file there to see it.

        Raises IndexError if there is no such signature, ValueError if what it signed is not known.
        """
        length = self.signatures[index].signed_length
        if length is None:
            raise ValueError("the extent of this signature is not known")
        return length
