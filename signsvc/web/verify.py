"""POST /v1/verify: the verdict with its reasons; GET /v1/verify/digests/…: was this file signed here?"""

import re
from typing import Literal

from flask import Response, request
from pydantic import BaseModel

from signsvc.errors import NotFound, RequestRefused
from signsvc.pades.validate import Verdict
from signsvc.services import Services
from signsvc.web.answers import json_answer
from signsvc.web.endpoints import NO_AUTHENTICATION, Endpoints
from signsvc.web.receive import MEDIA, receive_document
from signsvc.web.wire import Parameters

XML = "application/xml"
_SHA256 = re.compile("[0-9a-f]{64}")


class VerifyQuery(Parameters):
    """``report=xml``: the JSON answer carries the ETSI report of the very same validation."""

    report: Literal["", "xml"] = ""


class VerdictWithReport(Verdict):
    """``report``: an XML document of ETSI TS 119 102-2, when it was asked for."""

    report: str | None = None


class DigestPath(Parameters):
    """``sha256``: 64 hexadecimal digits, in small letters."""

    sha256: str


class SignedHere(BaseModel):
    """One signature. ``leaf_index``: its place in the journal (/v1/journal/receipts/…). Times are UTC."""

    signed_at: str
    signer: str
    organisation: str
    title: str
    level: str
    training: bool
    leaf_index: int | None = None


class IssuedAnswer(BaseModel):
    """``signatures``: the newest first; those before it were in the file when it was signed."""

    sha256: str
    signatures: tuple[SignedHere, ...]


def verify_endpoints(services: Services) -> Endpoints:
    """Checking a signature is nobody's privilege (Luật 20/2023/QH15, Điều 24.3.c)."""
    api = Endpoints("verify", "Check signed documents.")

    @api.offer(
        "POST", "/v1/verify", authentication=NO_AUTHENTICATION, quota="verify-per-address",
        summary="Check a signed document; with Accept: application/xml the report of ETSI TS 119 102-2",
        responses={200: VerdictWithReport}, media=MEDIA,
    )  # fmt: skip
    def verify_document(query: VerifyQuery) -> Response:
        received = receive_document(services.files, services.settings.max_document)
        with received.file:
            verdict = services.verify(received.file, now=services.clock())
            accepted = request.accept_mimetypes.best_match(("application/json", XML), "application/json")
            if accepted == XML:
                return Response(services.verify.report(received.file, verdict), content_type=XML)
            members = verdict.to_json()
            if query.report:
                members["report"] = services.verify.report(received.file, verdict).decode("utf-8")
        return json_answer(members)

    @api.offer(
        "GET", "/v1/verify/digests/<sha256>", authentication=NO_AUTHENTICATION, quota="verify-per-address",
        summary="Whether the file with this SHA-256 was signed here", responses={200: IssuedAnswer},
    )  # fmt: skip
    def find_issued(path: DigestPath) -> Response:
        if not _SHA256.fullmatch(path.sha256):
            raise RequestRefused(
                "Mã băm phải là SHA-256 viết bằng 64 chữ số thập lục phân, chữ thường (0-9, a-f).",
                "The digest must be a SHA-256 in 64 hexadecimal digits, in small letters (0-9, a-f).",
            )
        signatures = services.issued.trace(path.sha256)
        if not signatures:
            raise NotFound(
                "Hệ thống này không ghi nhận đã ký tệp có mã băm đó.",
                "This service has no record of signing a file with that digest.",
            )
        return json_answer(
            IssuedAnswer(
                sha256=path.sha256,
                signatures=tuple(
                    SignedHere(
                        signed_at=one.signed_at.isoformat(),
                        signer=one.signer,
                        organisation=one.organisation,
                        title=one.title,
                        level=one.level,
                        training=one.training,
                        leaf_index=one.leaf_index,
                    )
                    for one in signatures
                ),
            )
        )

    return api
