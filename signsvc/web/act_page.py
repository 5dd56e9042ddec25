"""/acts/<handle>: a person gives their part in an administrative act, or makes an invited passkey.

The key process gave the handle to the administrators' tool that asked; it opens one act, once, for a time.
This page shows the act and carries what the authenticator answers, no more: whether that is an approval of
these bytes by somebody who has a part in them, the key process says.
"""

import hashlib
from datetime import datetime

from flask import Response, request

from hsm.client import (
    ActMalformed,
    ApprovalRefused,
    AskedConsent,
    CredentialNotUsable,
    GrantRefused,
    act_digest,
    parse_admin_act,
)
from policies.local_time import VIETNAM
from signsvc.errors import NotFound, RequestRefused
from signsvc.services import Services
from signsvc.web.act_words import deed, particulars
from signsvc.web.answers import json_answer
from signsvc.web.endpoints import NO_AUTHENTICATION, Endpoints
from signsvc.web.pages import HTML, LinkPath, authenticator_answer, failed_page, page_answer

MAX_BODY = 128 * 1024
_WRONG = {
    "message": "Chưa được: khóa truy cập này không đúng cho việc này, hoặc không phải của người được hỏi.",
    "message_en": "Not done: this passkey is not right for this act, or not of the person who is asked.",
}


def act_page(services: Services) -> Endpoints:
    """Public: the handle opens the page, the passkey approves."""
    api = Endpoints("act_page", "Where people approve administrative acts and make their passkeys.")

    @api.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        return failed_page(error, signing=False)

    def find(handle: str) -> AskedConsent:
        try:
            return services.key_process().asked_consent(handle)
        except GrantRefused as error:
            raise NotFound(
                "Liên kết này đã dùng, đã hết hạn hoặc không có; hãy xin liên kết mới.",
                "This link was used, has expired or does not exist; ask for a new one.",
            ) from error

    @api.offer(
        "GET", "/acts/<handle>", authentication=NO_AUTHENTICATION, quota="approvals-per-address",
        summary="What a person is asked to approve", responses=HTML,
    )  # fmt: skip
    def show_act(path: LinkPath) -> Response:
        asked = find(path.handle)
        act = parse_admin_act(asked.act)
        person = str(act.parameters.get("person_id", ""))
        return page_answer(
            "act.html",
            asked=asked,
            act=act,
            deed=deed(act),
            particulars=particulars(act, _describe(services, act.parameters.get("credential_id"))),
            text=asked.act.decode(),
            digest=act_digest(asked.act).hex(),
            # WebAuthn Level 3 §14.6.1: nothing personal, and 64 bytes at most.
            user_id=hashlib.sha256(person.encode()).hexdigest(),
            user_name=person[:64],
            link_ends=datetime.fromtimestamp(asked.expires_at, VIETNAM),
            act_ends=datetime.fromtimestamp(act.expires_at, VIETNAM),
        )

    @api.offer(
        "POST", "/acts/<handle>", authentication=NO_AUTHENTICATION, quota="approvals-per-address",
        takes_json=True, summary="Hand in what the authenticator answered", responses=HTML,
    )  # fmt: skip
    def give(path: LinkPath) -> Response:
        request.max_content_length = MAX_BODY  # before anything of the body is read
        body = request.get_json()
        if not isinstance(body, dict) or "response" not in body:
            raise RequestRefused("Thiếu response.", "response is missing.")
        evidence = authenticator_answer(body["response"])
        find(path.handle)
        try:
            services.key_process().give_consent(path.handle, evidence)
        except (ApprovalRefused, ActMalformed):
            return json_answer(_WRONG, 403)
        except GrantRefused as error:
            raise NotFound(
                "Liên kết này đã dùng hoặc đã hết hạn.", "This link was used or has expired."
            ) from error
        return json_answer({"done": True})

    return api


def _describe(services: Services, credential_id: object) -> str:
    """A key in its own words; "" when the act names none that is there."""
    if not isinstance(credential_id, str):
        return ""
    try:
        facts = services.key_process().credential(credential_id)
    except CredentialNotUsable:
        return ""
    return f"{facts.description} ({credential_id})"
