"""Models that more than one group of endpoints speaks."""

from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
MAX_ACT_BYTES = 12 * 1024 * 1024
MAX_EVIDENCE = 17 * 1024 * 1024  # a JWS carries the act in base64
# One line, and read as it is written: no controls, nothing that turns the direction of reading.
PLAIN = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"
Line = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]


class Parameters(BaseModel):
    """Path and query parameters: unknown ones are refused, for they may be misspelt wishes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    @cache
    def model_json_schema(  # type: ignore[override]  # narrower, as the cache needs it
        cls, *arguments: Any, **options: Any
    ) -> dict[str, Any]:
        """Kept, because flask-openapi3 asks for it on every request."""
        return super().model_json_schema(*arguments, **options)


class Body(BaseModel):
    """A JSON body: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FindingMember(BaseModel):
    code: str
    message: str
    message_en: str
    page: int | None = None


class Problem(BaseModel):
    """RFC 9457. ``title`` and ``detail`` are Vietnamese; ``code`` is stable and for programs."""

    type: str
    title: str
    title_en: str
    status: int
    detail: str
    detail_en: str
    instance: str
    code: str
    request_id: str
    findings: list[FindingMember] | None = None


class ReceiptMember(BaseModel):
    """A journal entry (base64) and its c2sp.org/tlog-proof@v1: verifies offline."""

    entry: str
    proof: str


class ApprovalMember(Body):
    """``passkey``: an assertion (JSON) whose challenge is the act's SHA-256; ``client_jws``: a compact JWS of
    the act; ``pin_otp``: ``{"pin": …, "otp": …}``; ``access_token``: an RFC 9068 token."""

    kind: Annotated[str, Field(pattern=r"^(passkey|client_jws|pin_otp|access_token)$")]
    evidence: Annotated[str, Field(min_length=1, max_length=MAX_EVIDENCE)]
