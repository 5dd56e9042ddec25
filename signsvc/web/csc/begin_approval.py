"""/v1/approvals: where the identity provider, and it alone, begins a person's approval.

It answers with the address of the page; the browser goes there and comes back to ``return_uri``. The handle
is put into the access token (``authorization_details``), by which the client redeems it (web/csc/sad.py).
"""

from typing import Annotated

from flask import Response
from pydantic import BaseModel, Field, StringConstraints

from hsm.client import parse_sign_act
from signsvc.errors import NotFound, RequestRefused, ScopeRefused
from signsvc.services import Services
from signsvc.usecases.begin_approval import Asked
from signsvc.usecases.csc_refusal import CscRefused
from signsvc.usecases.leave_out import as_ranges, left_out
from signsvc.web.answers import json_answer
from signsvc.web.caller import current_caller
from signsvc.web.csc.approve import HandlePath
from signsvc.web.csc.parameters import MAX_HASHES, read_hash
from signsvc.web.endpoints import Authentication, Endpoints
from signsvc.web.wire import Body, Id

APPROVALS = Authentication("approvals")
Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Title = Annotated[str, StringConstraints(max_length=500)]


class Document(Body):
    """``digest``: SHA-256, base64. ``title``: what the person is shown of it."""

    digest: str
    title: Title = ""


class BeginBody(Body):
    """``signatures``: for SCAL1 credentials it may be more than there are documents.

    ``prepared``: signatures of this client that await their approval, instead of documents.
    """

    client_id: Short
    client_name: Short
    person_id: Short
    credential_id: Short
    signatures: Annotated[int, Field(ge=1, le=MAX_HASHES)]
    documents: Annotated[tuple[Document, ...], Field(max_length=MAX_HASHES)] = ()
    prepared: Annotated[tuple[Id, ...], Field(max_length=MAX_HASHES)] = ()
    title: Title = ""
    return_uri: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Begun(BaseModel):
    """``expires_at``: Unix seconds."""

    handle: str
    approval_uri: str
    expires_at: int


class ApprovalState(BaseModel):
    """``state``: pending, approved or rejected. ``signatures``: how many are approved, or wait for it.

    ``left_out``: which of the documents asked for the person took out, counted from 1: ``1,3-5``.
    """

    state: str
    expires_at: int
    signatures: int
    left_out: str


def begin_approval_endpoints(services: Services) -> Endpoints:
    """Begin one; see how it stands."""
    api = Endpoints("approvals", "For the identity provider: approvals that people give on a page.")

    def check_identity_provider() -> None:
        # Its own tokens name the issuer itself as the client; nobody can register a client of that name.
        if current_caller().client_id != services.settings.issuer:
            raise ScopeRefused("approvals")

    @api.offer(
        "POST", "/v1/approvals", authentication=APPROVALS, takes_json=True,
        summary="Begin a person's approval", responses={201: Begun},
    )  # fmt: skip
    def begin(body: BeginBody) -> Response:
        check_identity_provider()
        if not body.return_uri.startswith(f"{services.settings.issuer}/"):
            raise RequestRefused(
                "return_uri phải thuộc máy chủ định danh.", "return_uri must be the identity provider's."
            )
        if body.prepared and (body.documents or body.signatures != len(body.prepared)):
            raise RequestRefused(
                "prepared đứng thay cho documents, và signatures là số lượng của nó.",
                "prepared stands instead of documents, and signatures is how many they are.",
            )
        asked = Asked(
            body.client_id,
            body.client_name,
            body.person_id,
            body.credential_id,
            body.signatures,
            tuple(_digest(one.digest) for one in body.documents),
            tuple(one.title for one in body.documents),
            body.title,
            body.return_uri,
            body.prepared,
        )
        try:
            handle, pending = services.begin_approval(asked, now=services.clock())
        except CscRefused as error:
            # The rules are the CSC's; who asks here is no client of that API.
            raise RequestRefused(
                "Chứng thư không dùng được cho yêu cầu này.", error.description, detail=error.detail
            ) from error
        page = f"{services.settings.approval_base}/approvals/{handle}"
        return json_answer(Begun(handle=handle, approval_uri=page, expires_at=pending.expires_at), 201)

    @api.offer(
        "GET", "/v1/approvals/<handle>", authentication=APPROVALS,
        summary="How it stands", responses={200: ApprovalState},
    )  # fmt: skip
    def show_state(path: HandlePath) -> Response:
        check_identity_provider()
        pending = services.csc_authorizations.find(path.handle, services.clock())
        if pending is None:
            raise NotFound("Không có yêu cầu này.", "There is no such request.")
        return json_answer(
            ApprovalState(
                state=pending.state,
                expires_at=pending.expires_at,
                signatures=len(parse_sign_act(pending.approved).items),
                left_out=as_ranges(left_out(pending.act, pending.approved)),
            )
        )

    return api


def _digest(text: str) -> bytes:
    try:
        return read_hash(text)
    except CscRefused as error:
        raise RequestRefused(
            "digest phải là base64 của SHA-256.", "digest must be the base64 of a SHA-256."
        ) from error
