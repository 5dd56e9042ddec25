"""/approvals/<handle>: a person sees what is to be signed and approves it, by passkey or PIN and OTP.

The address is a secret of 256 bits, known to the browser that the identity provider sent here. Whoever has
it sees the titles; approving takes the holder's own proof over exactly this act, checked by the key process.
The person may leave documents out. What is posted is then which positions stay in; the act is made here of
what was asked (``usecases/leave_out``), and a proof of any other act is none.
"""

from pathlib import Path

import orjson
from flask import Response, redirect, request

from hsm.client import Approval, act_digest
from signsvc.errors import NotFound, RequestRefused
from signsvc.services import Services
from signsvc.store.csc_authorizations import PendingAuthorization
from signsvc.usecases.leave_out import choose
from signsvc.web.answers import json_answer
from signsvc.web.csc.approve_shown import Refused, approve_shown
from signsvc.web.csc.show_approval import show_approval
from signsvc.web.endpoints import NO_AUTHENTICATION, Endpoints
from signsvc.web.pages import HTML, LinkPath, authenticator_answer, failed_page
from signsvc.web.wire import Parameters

_ASSETS = Path(__file__).parents[1] / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_DIGITS = 5
MAX_BODY = 256 * 1024  # 10,000 positions, and the evidence


class AssetPath(Parameters):
    name: str


def approval_page(services: Services) -> Endpoints:
    """Public: the handle is the key to it, and the proof the key to the signature."""
    api = Endpoints("approval_page", "Where people approve.")

    @api.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        return failed_page(error, signing=True)

    def get_pending(handle: str) -> PendingAuthorization:
        pending = services.csc_authorizations.find(handle, services.clock())
        if pending is None or not pending.return_uri:
            raise NotFound(
                "Yêu cầu này không có hoặc đã hết hạn; hãy bắt đầu lại từ hệ thống của bạn.",
                "This request does not exist or has expired; begin again in your system.",
            )
        return pending

    @api.offer(
        "GET", "/approvals/<handle>", authentication=NO_AUTHENTICATION, quota="approvals-per-address",
        summary="What is to be approved, for a person", responses=HTML,
    )  # fmt: skip
    def show(path: LinkPath) -> Response:
        return show_approval(services, get_pending(path.handle))

    @api.offer(
        "POST", "/approvals/<handle>", authentication=NO_AUTHENTICATION, quota="approvals-per-address",
        summary="Choose, approve or reject", responses=HTML,
    )  # fmt: skip
    def decide(path: LinkPath) -> Response:
        request.max_content_length = MAX_BODY  # before anything of the body is read
        pending = get_pending(path.handle)
        if pending.state != "pending":
            return _leave(pending)
        by = _decide_by_script if request.is_json else _decide_by_form
        return by(services, path.handle, pending)

    @api.offer(
        "GET", "/approvals/assets/<name>", authentication=NO_AUTHENTICATION,
        summary="The page's own style and script", responses=HTML,
    )  # fmt: skip
    def asset(path: AssetPath) -> Response:
        found = {each.name: each for each in _ASSETS.iterdir() if each.suffix in _TYPES}.get(path.name)
        if found is None:
            raise NotFound("Không có tệp này.", "There is no such file.")
        return Response(found.read_bytes(), content_type=_TYPES[found.suffix])

    return api


def _decide_by_script(services: Services, handle: str, pending: PendingAuthorization) -> Response:
    """Which act that choice makes (``keep``), or a passkey's approval of it (``response``)."""
    body = request.get_json()
    if not isinstance(body, dict) or not {"keep", "response"} & body.keys():
        raise RequestRefused("Thiếu response.", "response is missing.")
    kept, response = body.get("keep"), body.get("response")
    if kept is not None and not (isinstance(kept, list) and all(type(one) is int for one in kept)):
        raise RequestRefused("keep phải là danh sách số.", "keep must be a list of numbers.")
    act = pending.act if kept is None else choose(pending.act, kept)
    if response is None:
        return json_answer({"digest": act_digest(act).hex()})
    approval = Approval("passkey", authenticator_answer(response))
    refused = approve_shown(services, handle, pending, act, approval)
    if refused is None:
        return _leave(pending)
    return json_answer({"message": refused.vi, "message_en": refused.en}, refused.status)


def _decide_by_form(services: Services, handle: str, pending: PendingAuthorization) -> Response:
    """A button: reject, all, none, choose (shows what that makes); else approve by PIN and OTP."""
    word = request.form.get("decision", "")
    if word == "reject":
        services.csc_authorizations.reject(handle, services.clock())
        return _leave(pending)
    if word in ("all", "none"):
        return show_approval(services, pending, None if word == "all" else [])
    # Nothing checked is nothing chosen: a form never approves more than it showed as checked.
    kept = [_position(one) for one in request.form.getlist("keep")]
    try:
        act = choose(pending.act, kept)
    except RequestRefused as error:
        # A choice that cannot be is not shown again.
        return show_approval(
            services, pending, None if kept else [], Refused(error.message, error.message_en, 400)
        )
    if word == "choose":
        return show_approval(services, pending, kept)
    pin, otp = request.form.get("pin", ""), request.form.get("otp", "").replace(" ", "")
    approval = Approval("pin_otp", orjson.dumps({"pin": pin, "otp": otp}).decode())
    refused = approve_shown(services, handle, pending, act, approval)
    return _leave(pending) if refused is None else show_approval(services, pending, kept, refused)


def _position(text: str) -> int:
    """-1, which is no position, for what is no short number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else -1


def _leave(pending: PendingAuthorization) -> Response:
    """Back to the identity provider, which asks us how it ended: the address carries nothing."""
    if request.is_json:
        return json_answer({"next": pending.return_uri})
    answer: Response = redirect(pending.return_uri, 303)  # type: ignore[assignment]
    return answer
