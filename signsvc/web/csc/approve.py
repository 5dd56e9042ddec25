"""/v1/authorizations/<handle>: where a CSC authorisation under way is approved.

The client that began it gives the handle to whoever approves (a link, a QR code). Holding it, one sees
what is to be approved and may hand an approval in; the SAD goes to the client alone.
"""

from typing import Annotated

from flask import Response
from pydantic import BaseModel, StringConstraints

from hsm.client import Approval, ApprovalRefused, act_digest
from signsvc.errors import NotFound, StateConflict
from signsvc.services import Services
from signsvc.store.csc_authorizations import PendingAuthorization
from signsvc.web.answers import json_answer
from signsvc.web.caller import current_caller
from signsvc.web.endpoints import SIGN, Endpoints
from signsvc.web.wire import ApprovalMember, Body, Parameters

Handle = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


class HandlePath(Parameters):
    handle: Handle


class ApproveBody(Body):
    approval: ApprovalMember


class AuthorizationAnswer(BaseModel):
    """``act`` is what is approved, without what was left out; ``state``: pending, approved or rejected."""

    state: str
    client_id: str
    credential_id: str
    act: str
    act_digest: str
    expires_at: int


def authorization_endpoints(services: Services) -> Endpoints:
    """See it, approve it."""
    api = Endpoints("authorizations", "Approve what a CSC client asks for.")

    def get_pending(handle: str) -> PendingAuthorization:
        pending = services.csc_authorizations.find(handle, services.clock())
        if pending is None:
            raise NotFound("Không có yêu cầu này.", "There is no such request.")
        return pending

    @api.offer(
        "GET", "/v1/authorizations/<handle>", authentication=SIGN, quota="reads-per-client",
        summary="What is to be approved", responses={200: AuthorizationAnswer},
    )  # fmt: skip
    def show_authorization(path: HandlePath) -> Response:
        return json_answer(_answer(get_pending(path.handle)))

    @api.offer(
        "POST", "/v1/authorizations/<handle>", authentication=SIGN, quota="sign-per-client", takes_json=True,
        summary="Approve it", responses={200: AuthorizationAnswer},
    )  # fmt: skip
    def approve_authorization(path: HandlePath, body: ApproveBody) -> Response:
        pending = get_pending(path.handle)
        if pending.state != "pending":
            raise StateConflict("Yêu cầu này đã kết thúc.", "This request was approved or rejected before.")
        approval = Approval(body.approval.kind, body.approval.evidence)
        try:
            grant = services.key_process().authorize(pending.act, approval)
        except ApprovalRefused:
            services.limits.spend("approval-failures", current_caller().client_id)
            raise
        services.csc_authorizations.approve(path.handle, grant.sad)
        return json_answer(_answer(get_pending(path.handle)))

    return api


def _answer(pending: PendingAuthorization) -> AuthorizationAnswer:
    return AuthorizationAnswer(
        state=pending.state,
        client_id=pending.client_id,
        credential_id=pending.credential_id,
        act=pending.approved.decode(),
        act_digest=act_digest(pending.approved).hex(),
        expires_at=pending.expires_at,
    )
