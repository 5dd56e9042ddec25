"""signatures/signDoc: PAdES, under a SAD, or under the access token's own authorization_details."""

import base64
from contextlib import ExitStack

from flask import Response

from hsm.client import ApprovalRefused
from signsvc.services import Services
from signsvc.store.signatures import State, StoredSignature
from signsvc.usecases.csc_credentials import Bearer
from signsvc.usecases.csc_refusal import CscRefused, invalid, missing
from signsvc.usecases.csc_sign_documents import Sealed
from signsvc.usecases.known_credentials import KnownCredential
from signsvc.usecases.wishes import OnUnavailable, Wishes
from signsvc.web.answers import json_answer
from signsvc.web.caller import current_caller
from signsvc.web.csc.bearers import current_bearer
from signsvc.web.csc.documents_asked import (
    DocumentAsked,
    check_one_of_two,
    read_digests,
    read_documents,
)
from signsvc.web.csc.endpoints import SERVICE_OR_CREDENTIAL, CscEndpoints
from signsvc.web.csc.operation_mode import Mode, read_mode
from signsvc.web.csc.parameters import Given, given
from signsvc.web.csc.polling import signed_documents
from signsvc.web.csc.sad import Sads

NOT_AUTHORISED = "documentDigests or documents are not authorized by the SAD"
TITLE = "Tài liệu do hệ thống gửi đến (CSC)"


def sign_doc_methods(services: Services, sads: Sads) -> CscEndpoints:
    """Digests get a CMS to embed; documents come back signed."""
    api = CscEndpoints("sign_doc")

    @api.method("signatures/signDoc", quota="", versions=("v2",), authentication=SERVICE_OR_CREDENTIAL)
    def signatures_sign_doc(version: str) -> Response:
        """In the order of the request."""
        asked = given()
        bearer = current_bearer()
        credential_id = _credential_id(asked)
        sad = sads.find(asked)
        check_one_of_two(asked)
        mode = read_mode(asked, services.settings.retention)
        if asked.flag("returnValidationInfo"):
            raise invalid("returnValidationInfo")
        known = services.csc_credentials.get_usable(bearer, credential_id, version, services.clock())
        if asked.find("documentDigests"):
            if sad is None:
                raise missing("string", "SAD")
            return _sign_digests(services, asked, Sealed(bearer.client_id, known, sad), mode)
        wanted = read_documents(asked, known.facts.algorithm)
        services.limits.spend("sign-per-client", bearer.client_id, cost=len(wanted))
        stored = _sign_documents(services, bearer, known, sad, wanted, "wait" if mode.later else "fail")
        return _answer(services, bearer, stored, mode)

    return api


def _credential_id(asked: Given) -> str:
    """signatureQualifier alone chooses a credential for short-lived keys: there are none here."""
    return asked.text("credentialID")


def _sign_digests(services: Services, asked: Given, sealed: Sealed, mode: Mode) -> Response:
    wanted = read_digests(asked, sealed.known.facts.algorithm)
    services.limits.spend("sign-per-client", sealed.client_id, cost=len(wanted))
    try:
        made = services.csc_sign_documents.digests(sealed, wanted, now=services.clock())
    except CscRefused as error:
        raise _in_documents_words(error) from error
    services.metrics.signatures.labels("digest", "completed").inc(len(made))
    answer = {"SignatureObject": [base64.b64encode(one).decode() for one in made]}
    if not mode.later:
        return json_answer(answer)
    response_id = services.csc_responses.keep_answer(
        sealed.client_id, answer, now=services.clock(), seconds=mode.seconds
    )
    return json_answer({"responseID": response_id})


def _sign_documents(
    services: Services,
    bearer: Bearer,
    known: KnownCredential,
    sad: str | None,
    wanted: list[DocumentAsked],
    on_unavailable: OnUnavailable,
) -> list[StoredSignature]:
    now = services.clock()
    with ExitStack() as opened:
        received = []
        for one in wanted:
            file = opened.enter_context(services.files.receive(services.settings.max_document))
            file.write(one.content)
            file.close()
            wishes = Wishes(
                known.facts.credential_id,
                one.level,
                TITLE,
                reason=one.properties.get("reason", ""),
                location=one.properties.get("location", ""),
                contact=one.properties.get("contact", ""),
                on_unavailable=on_unavailable,
            )
            received.append((file, wishes))
        if sad is not None:
            try:
                return services.csc_sign_documents.documents(
                    Sealed(bearer.client_id, known, sad), received, now=now
                )
            except CscRefused as error:
                raise _in_documents_words(error) from error
        # No SAD: the token itself must name the documents (RFC 9396), where the key profile takes it.
        if "access_token" not in known.facts.proofs or bearer.person_id:
            raise missing("string", "SAD")
        caller = current_caller()
        try:
            return [
                services.sign(
                    caller.client_id, caller.token_id, caller.token, file, "document.pdf", wishes, now=now
                )
                for file, wishes in received
            ]
        except ApprovalRefused as error:
            services.limits.spend("approval-failures", caller.client_id)
            raise CscRefused(
                "Document or documentDigest does not match authorized hash",
                error="invalid_hash", status=403, detail=error.message,
            ) from error  # fmt: skip


def _answer(services: Services, bearer: Bearer, stored: list[StoredSignature], mode: Mode) -> Response:
    if mode.later:
        response_id = services.csc_responses.keep_signatures(
            bearer.client_id, [one.id for one in stored], now=services.clock(), seconds=mode.seconds
        )
        return json_answer({"responseID": response_id})
    assert all(one.state is State.COMPLETED for one in stored)  # noqa: S101 -- "fail" never leaves one waiting
    return json_answer(signed_documents(services, stored))


def _in_documents_words(error: CscRefused) -> CscRefused:
    if error.description.startswith("Hash is not authorized"):
        return CscRefused(NOT_AUTHORISED, detail=error.detail)
    return error
