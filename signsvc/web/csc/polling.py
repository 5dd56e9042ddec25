"""signatures/signPolling, credentials/authorizeCheck: what was answered with an id."""

import base64

from flask import Response

from signsvc.errors import SignatureFailed
from signsvc.services import Services
from signsvc.store.signatures import State, StoredSignature
from signsvc.usecases.csc_refusal import CscRefused, invalid
from signsvc.web.answers import json_answer
from signsvc.web.csc.bearers import current_bearer
from signsvc.web.csc.endpoints import CscEndpoints
from signsvc.web.csc.faults import fault
from signsvc.web.csc.parameters import given

NOT_YET = "The previous async request has been accepted but not yet completed"


def polling_methods(services: Services) -> CscEndpoints:
    """The client that asked gets the answer, and nobody else."""
    api = CscEndpoints("polling")

    @api.method("signatures/signPolling")
    def signatures_sign_polling(_version: str) -> Response:
        """The answer of an asynchronous signHash or signDoc; 202 while it is worked on."""
        asked = given()
        bearer = current_bearer()
        request_id = asked.text("requestID")
        if bearer.person_id and asked.find("userID") is not None:
            raise CscRefused("userID parameter SHALL be null")
        asked.client_data()
        kept = services.csc_responses.find(bearer.client_id, request_id, services.clock())
        if kept is None:
            raise invalid("requestID")
        if kept.answer is not None:
            return json_answer(kept.answer)
        found = [services.signatures.find(bearer.client_id, one) for one in kept.signatures]
        stored = [one for one in found if one is not None]
        if len(stored) != len(found):
            raise invalid("requestID", detail="the documents are not kept any more")
        for one in stored:
            _check_not_failed(one)
        if any(one.state is not State.COMPLETED for one in stored):
            return fault(202, "accepted_request", NOT_YET)
        return json_answer(signed_documents(services, stored))

    @api.method("credentials/authorizeCheck")
    def credentials_authorize_check(_version: str) -> Response:
        """The SAD when the act was approved; 202 until then."""
        handle = given().text("handle")
        pending = services.csc_authorizations.find(handle, services.clock())
        if pending is None or pending.client_id != current_bearer().client_id:
            raise invalid("handle")
        if not pending.sad:
            return json_answer({"handle": handle}, 202)
        left = max(0, pending.expires_at - int(services.clock().timestamp()))
        return json_answer({"SAD": pending.sad, "expiresIn": left})

    return api


def signed_documents(services: Services, stored: list[StoredSignature]) -> dict[str, list[str]]:
    """The completed documents, in base64, in their order."""
    files = services.files
    return {
        "DocumentWithSignature": [
            base64.b64encode(files.read(one.id, 0, one.result_size or 0)).decode() for one in stored
        ]
    }


def _check_not_failed(one: StoredSignature) -> None:
    if one.state is State.FAILED:
        raise SignatureFailed(one.failure_message or "", one.failure_message_en or "", detail=one.id)
