"""POST /v1/verify: three verdicts with their reasons, without login."""

from flask import Response

from signsvc.pades.validate import Verdict
from signsvc.services import Services
from signsvc.web.answers import json_answer
from signsvc.web.endpoints import NO_AUTHENTICATION, Endpoints
from signsvc.web.receive import MEDIA, receive_document


def verify_endpoints(services: Services) -> Endpoints:
    """Checking a signature is nobody's privilege (Luật 20/2023/QH15, Điều 24.3.c)."""
    api = Endpoints("verify", "Check signed documents.")

    @api.offer(
        "POST", "/v1/verify", authentication=NO_AUTHENTICATION, quota="verify-per-address",
        summary="Check a signed document", responses={200: Verdict}, media=MEDIA,
    )  # fmt: skip
    def verify_document() -> Response:
        received = receive_document(services.files, services.settings.max_document)
        with received.file:
            verdict = services.verify(received.file, now=services.clock())
        return json_answer(verdict.model_dump(mode="json"))

    return api
