"""POST /v1/sign: a PDF in, the signed PDF out; the access token is the approval."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal

from flask import Response
from pydantic import Field, field_validator

from hsm.client import ApprovalRefused
from signsvc.errors import RequestRefused
from signsvc.pades.appearance import MAX_TEXT, VisibleSignature
from signsvc.pades.levels import Level
from signsvc.pades.secrecy import check_not_secret
from signsvc.services import Services
from signsvc.store.idempotency import KeptAnswer
from signsvc.store.signatures import StoredSignature
from signsvc.usecases.complete_signature import no_such_signature
from signsvc.usecases.wishes import Wishes
from signsvc.web.answers import clean_name, pdf_answer
from signsvc.web.caller import current_caller
from signsvc.web.endpoints import SIGN, Endpoints
from signsvc.web.idempotent import Idempotent
from signsvc.web.operations import Secrecy
from signsvc.web.receive import MEDIA, receive_document
from signsvc.web.signatures import CredentialId, Kind, LevelName, Title
from signsvc.web.wire import Line, Parameters

_SIDES = 4


class SignQuery(Parameters):
    """In the query, or as fields of the form; not in both."""

    credential_id: CredentialId | Literal[""] = ""
    level: LevelName = "B-T"
    title: Title = ""
    name: Line = ""
    document_kind: Kind = "document"
    page: Annotated[int | None, Field(ge=-100_000, le=100_000)] = None
    rect: Annotated[str, Field(max_length=100, description="x1,y1,x2,y2 in points")] = ""
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    reason: Line = ""
    location: Line = ""
    contact: Line = ""
    secrecy: Secrecy = "none"

    @field_validator("page")
    @classmethod
    def _check_page(cls, page: int | None) -> int | None:
        if page == 0:
            raise ValueError("pages count from 1, or from -1 at the end")
        return page

    def wishes(self, name: str) -> Wishes:
        """Raises RequestRefused."""
        return Wishes(
            credential_id=self.credential_id,
            level=Level(self.level),
            title=self.title.strip() or name,
            document_kind=self.document_kind,
            visible=self._visible(),
            reason=self.reason,
            location=self.location,
            contact=self.contact,
        )

    def _visible(self) -> VisibleSignature | None:
        if not self.rect:
            if self.page is not None or self.text:
                raise RequestRefused(
                    "Chữ ký hiển thị cần rect=x1,y1,x2,y2.", "A visible one needs rect=x1,y1,x2,y2."
                )
            return None
        try:
            x1, y1, x2, y2 = (float(side) for side in self.rect.split(","))
        except ValueError as error:
            raise RequestRefused(
                "rect gồm bốn số x1,y1,x2,y2.", "rect is four numbers x1,y1,x2,y2."
            ) from error
        return VisibleSignature(self.page or 1, (x1, y1, x2, y2), text=self.text)


def sign_endpoints(services: Services, idempotent: Idempotent) -> Endpoints:
    """For credentials whose profile lists ``access_token``; the token must name the file's hash."""
    api = Endpoints("sign", "Sign in one call.")

    def deliver(stored: StoredSignature) -> Response:
        headers = {"Antin-Signature-Id": stored.id, "Antin-Leaf-Index": str(stored.leaf_index)}
        return pdf_answer(services.files.path(stored.id), stored.name, headers)

    @api.offer(
        "POST", "/v1/sign", authentication=SIGN, quota="sign-per-client",
        summary="Sign a document in one call",
        responses={200: {"description": "The signed file", "content": {"application/pdf": {"schema": {}}}}},
        media=MEDIA,
    )  # fmt: skip
    def sign_document(query: SignQuery) -> Response:
        caller = current_caller()
        received = receive_document(services.files, services.settings.max_document)
        with received.file:
            wanted = _with_fields(query, received.fields)
            check_not_secret(wanted.secrecy)
            name = clean_name(wanted.name or received.name)
            wishes = wanted.wishes(name)

            def sign() -> Response:
                try:
                    stored = services.sign(
                        caller.client_id, caller.token_id, caller.token, received.file, name, wishes,
                        now=services.clock(),
                    )  # fmt: skip
                except ApprovalRefused:
                    services.limits.spend("approval-failures", caller.client_id)
                    raise
                return deliver(stored)

            def again(kept: KeptAnswer) -> Response:
                stored = services.signatures.find(caller.client_id, kept.headers["Antin-Signature-Id"])
                if stored is None:
                    raise no_such_signature()
                return deliver(stored)

            # Not the body's own digest: two tries of one form differ in their boundary.
            digest = hashlib.sha256(received.file.sha256 + repr((name, wishes)).encode()).digest()
            return idempotent.once(caller.client_id, digest, sign, again=again)

    return api


def _with_fields(query: SignQuery, fields: Mapping[str, str]) -> SignQuery:
    """The form's fields put beside the query's parameters. Raises RequestRefused, ValidationError."""
    asked = query.model_dump(exclude_unset=True)
    both = sorted(asked.keys() & fields.keys())
    if both:
        raise RequestRefused(
            f"{both[0]} có cả trong địa chỉ và trong biểu mẫu.", f"{both[0]} is in the query and in the form."
        )
    wanted = SignQuery.model_validate(asked | dict(fields)) if fields else query
    if not wanted.credential_id:
        raise RequestRefused("Thiếu credential_id.", "credential_id is missing.")
    return wanted
