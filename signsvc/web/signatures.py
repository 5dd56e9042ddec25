"""/v1/signatures: prepare, have approved, complete, fetch."""

import base64
import hashlib
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, StringConstraints

from hsm.client import Approval, ApprovalRefused, parse_sign_act
from signsvc.errors import NotFound, RequestRefused, StateConflict
from signsvc.pades.levels import Level
from signsvc.pades.secrecy import check_not_secret
from signsvc.services import Services
from signsvc.store.signatures import State, StoredSignature
from signsvc.usecases.complete_signature import ApprovedOnPage, Proof, no_such_signature
from signsvc.usecases.wishes import Wishes
from signsvc.web.answers import json_answer, pdf_answer
from signsvc.web.caller import current_caller
from signsvc.web.endpoints import SIGN, SIGN_OR_CREDENTIAL, Endpoints
from signsvc.web.idempotent import Idempotent, body_digest
from signsvc.web.operations import OperationMembers
from signsvc.web.visible import VisibleMember
from signsvc.web.wire import PLAIN, ApprovalMember, Body, Id, Line, Parameters, ReceiptMember

CredentialId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Title = Annotated[str, StringConstraints(max_length=500, pattern=PLAIN)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
LevelName = Literal["B-B", "B-T", "B-LT", "B-LTA"]


class SignaturePath(Parameters):
    id: Id


class PrepareBody(OperationMembers):
    document_id: Id
    credential_id: CredentialId
    level: LevelName = "B-T"
    title: Title = ""
    document_kind: Kind = "document"
    visible: VisibleMember | None = None
    reason: Line = ""
    location: Line = ""
    contact: Line = ""
    on_unavailable: Literal["fail", "wait"] = "fail"


class PreparedAnswer(BaseModel):
    """Recompute before approving: SHA-256 of the file ‖ ``suffix``, without the bytes of ``gap``."""

    id: str
    state: str
    act: str
    act_digest: str
    document_digest: str
    base_size: int
    base_sha256: str
    gap: tuple[int, int]
    suffix: str
    expires_at: int


class CompleteBody(Body):
    """Without ``approval`` when the access token is the one that a person's approval on the page gave."""

    approval: ApprovalMember | None = None


class SignatureAnswer(BaseModel):
    id: str
    state: str
    level: str
    credential_id: str
    operation: str | None = None
    document_id: str | None = None
    document: dict[str, Any] | None = None
    signature: dict[str, Any] | None = None
    receipt: ReceiptMember | None = None
    failure: dict[str, str] | None = None
    created_at: int
    expires_at: int


def signature_endpoints(services: Services, idempotent: Idempotent) -> Endpoints:
    """The strong way in: what is approved is what the client recomputed."""
    api = Endpoints("signatures", "Prepare, approve, complete.")

    def get_signature(signature_id: str) -> StoredSignature:
        stored = services.signatures.find(current_caller().client_id, signature_id)
        if stored is None or stored.expires_at <= services.clock().timestamp():
            raise no_such_signature()
        return stored

    @api.offer(
        "POST", "/v1/signatures", authentication=SIGN, quota="documents-per-client", takes_json=True,
        summary="Prepare a document for its approval", responses={201: PreparedAnswer},
    )  # fmt: skip
    def prepare_signature(body: PrepareBody) -> Response:
        client_id = current_caller().client_id

        def prepare() -> Response:
            check_not_secret(body.secrecy)
            now = services.clock()
            document = services.documents.find(client_id, body.document_id, int(now.timestamp()))
            if document is None:
                raise NotFound("Không có tài liệu này.", "There is no such document.")
            stored = services.prepare(client_id, document, _wishes(body, document.name), now=now)
            answer = _prepared(services, stored)
            return json_answer(answer, 201, {"Location": f"/v1/signatures/{stored.id}"})

        return idempotent.once(client_id, body_digest(), prepare)

    @api.offer(
        "POST", "/v1/signatures/<id>/complete", authentication=SIGN_OR_CREDENTIAL,
        quota="sign-per-client", takes_json=True,
        summary="Hand in the approval", responses={200: SignatureAnswer, 202: SignatureAnswer},
    )  # fmt: skip
    def complete_signature(path: SignaturePath, body: CompleteBody) -> Response:
        client_id = current_caller().client_id
        proof = _proof(services, body)

        def complete() -> Response:
            try:
                stored = services.complete(client_id, path.id, proof, now=services.clock())
            except ApprovalRefused:
                services.limits.spend("approval-failures", client_id)
                raise
            if stored.state is State.COMPLETED:
                return json_answer(signature_answer(stored))
            wait = max(1, stored.next_attempt_at - int(services.clock().timestamp()))
            return json_answer(signature_answer(stored), 202, {"Retry-After": str(min(wait, 30))})

        return idempotent.once(client_id, body_digest(), complete)

    @api.offer(
        "GET", "/v1/signatures/<id>", authentication=SIGN, quota="reads-per-client",
        summary="Where a signature stands", responses={200: SignatureAnswer},
    )  # fmt: skip
    def show_signature(path: SignaturePath) -> Response:
        return json_answer(signature_answer(get_signature(path.id)))

    @api.offer(
        "GET", "/v1/signatures/<id>/content", authentication=SIGN, quota="reads-per-client",
        summary="Fetch the signed document",
        responses={200: {"description": "The file", "content": {"application/pdf": {"schema": {}}}}},
    )  # fmt: skip
    def fetch_signature(path: SignaturePath) -> Response:
        stored = get_signature(path.id)
        if stored.state is not State.COMPLETED:
            raise StateConflict(
                f"Chữ ký chưa hoàn thành (trạng thái: {stored.state}).",
                f"The signature is not completed (it is {stored.state}).",
            )
        return pdf_answer(services.files.path(stored.id), stored.name)

    @api.offer(
        "GET", "/v1/signatures/<id>/receipt", authentication=SIGN, quota="reads-per-client",
        summary="The journal's receipt: verifies offline", responses={200: ReceiptMember},
    )  # fmt: skip
    def show_receipt(path: SignaturePath) -> Response:
        stored = get_signature(path.id)
        if stored.leaf_index is None:
            raise StateConflict("Chưa có chữ ký nào.", "Nothing was signed yet.")
        receipt = _receipt(stored)
        if receipt is None:
            fresh = services.key_process().receipt(stored.leaf_index)
            receipt = ReceiptMember(entry=base64.b64encode(fresh.entry).decode(), proof=fresh.proof)
        return json_answer(receipt)

    return api


def _proof(services: Services, body: CompleteBody) -> Proof:
    """Of the two the one that came. Raises RequestRefused, ScopeRefused, StoreUnavailable."""
    caller = current_caller()
    if body.approval is not None:
        if caller.approval:
            raise RequestRefused(
                "Gửi approval hoặc dùng mã của lần phê duyệt trên trang, không cả hai.",
                "Send approval, or use the token of the approval on the page, not both.",
            )
        return Approval(body.approval.kind, body.approval.evidence)
    if not caller.approval:
        raise RequestRefused("Thiếu approval.", "approval is missing.")
    pending = services.csc_authorizations.find(caller.approval, services.clock())
    if pending is None or pending.client_id != caller.client_id or not pending.sad:
        raise StateConflict(
            "Lần phê duyệt này không còn hiệu lực; hãy phê duyệt lại.",
            "This approval is no longer good; have it approved again.",
        )
    return ApprovedOnPage(pending.sad, pending.approved)


def _wishes(body: PrepareBody, name: str) -> Wishes:
    return Wishes(
        credential_id=body.credential_id,
        level=Level(body.level),
        title=body.title.strip() or name,
        document_kind=body.document_kind,
        visible=body.visible.read() if body.visible else None,
        reason=body.reason,
        location=body.location,
        contact=body.contact,
        on_unavailable=body.on_unavailable,
        operation=body.read_operation(),
    )


def _prepared(services: Services, stored: StoredSignature) -> PreparedAnswer:
    prepared = stored.prepared
    suffix = services.files.read(stored.id, prepared["base_size"], prepared["size"])
    return PreparedAnswer(
        id=stored.id,
        state=stored.state,
        act=stored.act.decode(),
        act_digest=hashlib.sha256(stored.act).hexdigest(),
        document_digest=base64.b64encode(bytes.fromhex(prepared["digest"])).decode(),
        base_size=prepared["base_size"],
        base_sha256=stored.base_sha256,
        gap=(prepared["gap_start"], prepared["gap_end"]),
        suffix=base64.b64encode(suffix).decode(),
        expires_at=stored.approve_until,
    )


def signature_answer(stored: StoredSignature) -> SignatureAnswer:
    """What is told of a signature: never its approval."""
    completed = stored.state is State.COMPLETED
    failed = stored.state is State.FAILED
    return SignatureAnswer(
        id=stored.id,
        state=stored.state,
        level=stored.level,
        credential_id=stored.credential_id,
        operation=_operation_of(stored),
        document_id=stored.document_id or None,
        document={"sha256": stored.result_sha256, "size": stored.result_size} if completed else None,
        signature={"leaf_index": stored.leaf_index} if stored.leaf_index is not None else None,
        receipt=_receipt(stored),
        failure={
            "code": stored.failure_code or "",
            "message": stored.failure_message or "",
            "message_en": stored.failure_message_en or "",
        }
        if failed
        else None,
        created_at=stored.created_at,
        expires_at=stored.expires_at,
    )


def _operation_of(stored: StoredSignature) -> str | None:
    operation = parse_sign_act(stored.act).operation
    return operation.name if operation else None


def _receipt(stored: StoredSignature) -> ReceiptMember | None:
    if stored.receipt_entry is None or stored.receipt_proof is None:
        return None
    return ReceiptMember(entry=base64.b64encode(stored.receipt_entry).decode(), proof=stored.receipt_proof)
