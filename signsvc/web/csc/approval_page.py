"""/approvals/<handle>: a person sees what is to be signed and approves it, by passkey or PIN and OTP.

The address is a secret of 256 bits, known to the browser that the identity provider sent here. Whoever has
it sees the titles; approving takes the holder's own proof over exactly this act, checked by the key process.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from cryptography import x509
from cryptography.x509.oid import NameOID
from flask import Response, g, redirect, render_template, request

from hsm.client import (
    Approval,
    ApprovalRefused,
    Credential,
    CredentialNotUsable,
    GrantRefused,
    PolicyRefused,
    act_digest,
    parse_sign_act,
)
from policies.engine import LOCAL
from signsvc.errors import NotFound, QuotaExceeded, RequestRefused
from signsvc.services import Services
from signsvc.store.csc_authorizations import PendingAuthorization
from signsvc.web.answers import json_answer
from signsvc.web.csc.approve import HandlePath
from signsvc.web.endpoints import NO_AUTHENTICATION, Endpoints
from signsvc.web.problems import problem_of
from signsvc.web.wire import Parameters

_ASSETS = Path(__file__).parents[1] / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_HTML = {200: {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}}}
MAX_EVIDENCE = 64 * 1024


class AssetPath(Parameters):
    name: str


@dataclass(frozen=True, slots=True)
class _Refused:
    """What the person is told: nothing was signed, and what to do."""

    vi: str
    en: str
    status: int = 403


_WRONG = _Refused(
    "Chưa phê duyệt được: bằng chứng không đúng cho yêu cầu này. Hãy thử lại.",
    "Not approved: the proof is not right for this request. Please try again.",
)
_TOO_OFTEN = _Refused(
    "Bạn đã thử sai nhiều lần. Hãy đợi vài phút rồi thử lại.",
    "Too many wrong attempts. Wait a few minutes and try again.",
    429,
)
_POLICY = _Refused(
    "Chính sách sử dụng khóa không cho phép lần ký này. Hãy hỏi quản trị an ninh.",
    "The key policy does not allow this. Ask the security administrators.",
)
_UNUSABLE = _Refused(
    "Chứng thư không dùng được lúc này (tạm dừng, hết hạn hoặc bị thu hồi).",
    "The credential cannot be used now (suspended, expired or revoked).",
    409,
)


_SPENT = _Refused(
    "Yêu cầu này đã dùng hoặc đã hết hạn. Hãy quay lại hệ thống của bạn và bắt đầu lại.",
    "This request was used or has expired. Go back to your system and begin again.",
    409,
)


def approval_page(services: Services) -> Endpoints:
    """Public: the handle is the key to it, and the proof the key to the signature."""
    api = Endpoints("approval_page", "Where people approve.")

    @api.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        """A person reads a page, the script reads JSON: both say what to do."""
        told = problem_of(error)
        if request.is_json:
            return told
        answer = _document(
            "approval_failed.html", told.status_code, problem=told.get_json(), request_id=g.request_id
        )
        if "Retry-After" in told.headers:
            answer.headers["Retry-After"] = told.headers["Retry-After"]
        return answer

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
        summary="What is to be approved, for a person", responses=_HTML,
    )  # fmt: skip
    def show(path: HandlePath) -> Response:
        return _page(services, get_pending(path.handle))

    @api.offer(
        "POST", "/approvals/<handle>", authentication=NO_AUTHENTICATION, quota="approvals-per-address",
        summary="Approve or reject it", responses=_HTML,
    )  # fmt: skip
    def decide(path: HandlePath) -> Response:
        request.max_content_length = MAX_EVIDENCE  # before anything of the body is read
        pending = get_pending(path.handle)
        if pending.state != "pending":
            return _leave(pending)
        if request.form.get("decision") == "reject":
            services.csc_authorizations.reject(path.handle, services.clock())
            return _leave(pending)
        refused = _approve(services, path.handle, pending, _read_approval())
        if refused is None:
            return _leave(pending)
        if request.is_json:
            return json_answer({"message": refused.vi, "message_en": refused.en}, refused.status)
        return _page(services, pending, refused)

    @api.offer(
        "GET", "/approvals/assets/<name>", authentication=NO_AUTHENTICATION,
        summary="The page's own style and script", responses=_HTML,
    )  # fmt: skip
    def asset(path: AssetPath) -> Response:
        found = {each.name: each for each in _ASSETS.iterdir() if each.suffix in _TYPES}.get(path.name)
        if found is None:
            raise NotFound("Không có tệp này.", "There is no such file.")
        return Response(found.read_bytes(), content_type=_TYPES[found.suffix])

    return api


def _read_approval() -> Approval:
    if request.is_json:
        body = request.get_json()
        if not isinstance(body, dict) or not isinstance(body.get("response"), dict):
            raise RequestRefused("Thiếu response.", "response is missing.")
        return Approval("passkey", orjson.dumps(body["response"]).decode())
    pin, otp = request.form.get("pin", ""), request.form.get("otp", "").replace(" ", "")
    return Approval("pin_otp", orjson.dumps({"pin": pin, "otp": otp}).decode())


def _approve(
    services: Services, handle: str, pending: PendingAuthorization, approval: Approval
) -> _Refused | None:
    """None when it is approved. Whatever was wrong with a proof, the words are the same."""
    guessable = approval.kind == "pin_otp"
    try:
        # Before the key process looks, so that a guesser is slowed even where it cannot count.
        if guessable:
            services.limits.spend("pin-attempts", pending.credential_id)
        grant = services.key_process().authorize(pending.act, approval)
    except QuotaExceeded:
        return _TOO_OFTEN
    except ApprovalRefused:
        return _WRONG
    except PolicyRefused:
        return _POLICY
    except CredentialNotUsable:
        return _UNUSABLE
    except GrantRefused:
        # The act was redeemed before: by this very person's other tab or second click, or it is too late.
        latest = services.csc_authorizations.find(handle, services.clock())
        return None if latest is not None and latest.state == "approved" else _SPENT
    if guessable:
        services.limits.forgive("pin-attempts", pending.credential_id)
    services.csc_authorizations.approve(handle, grant.sad)
    return None


def _leave(pending: PendingAuthorization) -> Response:
    """Back to the identity provider, which asks us how it ended: the address carries nothing."""
    if request.is_json:
        return json_answer({"next": pending.return_uri})
    answer: Response = redirect(pending.return_uri, 303)  # type: ignore[assignment]
    return answer


def _page(services: Services, pending: PendingAuthorization, refused: _Refused | None = None) -> Response:
    facts = services.key_process().credential(pending.credential_id)
    base = services.settings.approval_base
    # Browsers check form-action on the redirect that follows the POST.
    issuer = urlsplit(pending.return_uri)
    return _document(
        "approval.html",
        refused.status if refused else 200,
        f"{issuer.scheme}://{issuer.netloc}",
        pending=pending,
        act=parse_sign_act(pending.act),
        digest=act_digest(pending.act).hex(),
        key=_describe_key(facts),
        by_passkey="passkey" in facts.proofs,
        by_pin="pin_otp" in facts.proofs,
        rp_id=urlsplit(base).hostname,
        expires=datetime.fromtimestamp(pending.expires_at, LOCAL),
        refused=refused,
    )


def _document(template: str, status: int, form_target: str = "", **context: object) -> Response:
    answer = Response(render_template(template, **context), status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
        f"form-action 'self' {form_target}; frame-ancestors 'none'; base-uri 'none'"
    )
    answer.headers["X-Frame-Options"] = "DENY"
    # Nobody else's page may ask for a passkey in this one's name.
    answer.headers["Permissions-Policy"] = "publickey-credentials-get=(self)"
    answer.headers["Content-Language"] = "vi, en"
    return answer


def _describe_key(facts: Credential) -> dict[str, str]:
    described = {"description": facts.description, "id": facts.credential_id}
    if facts.certificates:
        subject = x509.load_der_x509_certificate(facts.certificates[0]).subject
        for name, oid in (
            ("name", NameOID.COMMON_NAME),
            ("office", NameOID.ORGANIZATION_NAME),
            ("title", NameOID.TITLE),
        ):
            found = subject.get_attributes_for_oid(oid)
            described[name] = str(found[0].value) if found else ""
    return described
