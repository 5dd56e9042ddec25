"""/v1/documents: send, look at, fetch, delete."""

import base64
import binascii
import re
from typing import Annotated

from flask import Response
from pydantic import BaseModel, Field

from signsvc.errors import NotFound, RequestRefused
from signsvc.pades.secrecy import check_not_secret
from signsvc.services import Services
from signsvc.store.documents import StoredDocument
from signsvc.web.answers import clean_name, json_answer, pdf_answer
from signsvc.web.caller import current_caller
from signsvc.web.endpoints import SIGN, Endpoints
from signsvc.web.idempotent import Idempotent
from signsvc.web.operations import Secrecy
from signsvc.web.problems import finding_member
from signsvc.web.receive import MEDIA, receive_document
from signsvc.web.wire import FindingMember, Id, Line, Parameters

_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9a-f]{32})")


class DocumentPath(Parameters):
    id: Id


class UploadQuery(Parameters):
    name: Line = ""
    secrecy: Secrecy = "none"


class PageQuery(Parameters):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=100)] = ""


class DocumentAnswer(BaseModel):
    """``sha256`` is hex; ``expires_at`` is in Unix seconds."""

    id: str
    name: str
    sha256: str
    size: int
    pages: int
    signatures: int
    pdfa: str
    findings: list[FindingMember]
    created_at: int
    expires_at: int


class DocumentsAnswer(BaseModel):
    documents: list[DocumentAnswer]
    cursor: str | None = None


def document_endpoints(services: Services, idempotent: Idempotent) -> Endpoints:
    """What a client sent stays its own: to others it is not there."""
    api = Endpoints("documents", "Documents to be signed.")

    def get_document(document_id: str) -> StoredDocument:
        moment = int(services.clock().timestamp())
        stored = services.documents.find(current_caller().client_id, document_id, moment)
        if stored is None:
            raise NotFound("Không có tài liệu này.", "There is no such document.")
        return stored

    @api.offer(
        "POST", "/v1/documents", authentication=SIGN, quota="documents-per-client",
        summary="Send a document", responses={201: DocumentAnswer}, media=MEDIA,
    )  # fmt: skip
    def upload_document(query: UploadQuery) -> Response:
        client_id = current_caller().client_id
        received = receive_document(services.files, services.settings.max_document)
        name = clean_name(query.name or received.fields.get("name", "") or received.name)

        def upload() -> Response:
            stored = services.upload(client_id, received.file, name, now=services.clock())
            return json_answer(_answer(stored), 201, {"Location": f"/v1/documents/{stored.id}"})

        with received.file:
            for declared in (query.secrecy, received.fields.get("secrecy", "none")):
                check_not_secret(declared)
            return idempotent.once(client_id, received.file.sha256, upload)

    @api.offer(
        "GET", "/v1/documents", authentication=SIGN, quota="reads-per-client",
        summary="List one's documents, newest first", responses={200: DocumentsAnswer},
    )  # fmt: skip
    def list_documents(query: PageQuery) -> Response:
        after = _read_cursor(query.cursor) if query.cursor else None
        moment = int(services.clock().timestamp())
        page = services.documents.page(current_caller().client_id, moment, query.limit, after)
        more = len(page) == query.limit
        return json_answer(
            DocumentsAnswer(
                documents=[_answer(stored) for stored in page],
                cursor=_cursor(page[-1]) if more else None,
            )
        )

    @api.offer(
        "GET", "/v1/documents/<id>", authentication=SIGN, quota="reads-per-client",
        summary="Look at a document", responses={200: DocumentAnswer},
    )  # fmt: skip
    def show_document(path: DocumentPath) -> Response:
        return json_answer(_answer(get_document(path.id)))

    @api.offer(
        "GET", "/v1/documents/<id>/content", authentication=SIGN, quota="reads-per-client",
        summary="Fetch a document as it was sent",
        responses={200: {"description": "The file", "content": {"application/pdf": {"schema": {}}}}},
    )  # fmt: skip
    def fetch_document(path: DocumentPath) -> Response:
        stored = get_document(path.id)
        return pdf_answer(services.files.path(stored.id), stored.name)

    @api.offer(
        "DELETE", "/v1/documents/<id>", authentication=SIGN, quota="documents-per-client",
        summary="Delete a document", responses={204: {"description": "Gone"}},
    )  # fmt: skip
    def delete_document(path: DocumentPath) -> Response:
        services.delete(get_document(path.id).id, now=services.clock())
        return Response(status=204)

    return api


def _answer(stored: StoredDocument) -> DocumentAnswer:
    members = {name: getattr(stored, name) for name in DocumentAnswer.model_fields if name != "findings"}
    return DocumentAnswer(
        **members, findings=[FindingMember(**finding_member(finding)) for finding in stored.findings]
    )


def _cursor(stored: StoredDocument) -> str:
    return base64.urlsafe_b64encode(f"{stored.created_at}.{stored.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[int, str]:
    try:
        decoded = base64.urlsafe_b64decode(cursor).decode("ascii")
    except (ValueError, binascii.Error):
        decoded = ""
    written = _CURSOR.fullmatch(decoded)
    if written is None:
        raise RequestRefused(
            "Tham số cursor phải là giá trị của trang trước.", "cursor must be what the last page gave."
        )
    return int(written[1]), written[2]
