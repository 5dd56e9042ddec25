"""The one map from errors to problem documents (RFC 9457). What is not listed says nothing."""

import traceback
from collections.abc import Callable
from typing import Any

import orjson
from flask import Flask, Response, current_app, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from hsm import client as hsm
from signsvc import errors
from signsvc.pades import errors as pades
from signsvc.web.challenge import challenge_of
from signsvc.web.policy_problems import Reasons, policy_problem

# class: (status, title, title_en). The most special class wins.
_TITLES: dict[type[Exception], tuple[int, str, str]] = {
    errors.RequestRefused: (400, "Yêu cầu không hợp lệ", "The request is malformed"),
    errors.BodyTooLarge: (413, "Dữ liệu quá lớn", "The body is too large"),
    errors.MediaTypeRefused: (415, "Kiểu dữ liệu không được nhận", "The media type is not accepted"),
    errors.LoginRefused: (401, "Chưa xác thực", "Not authenticated"),
    errors.ScopeRefused: (403, "Không đủ quyền", "Not permitted"),
    errors.NotFound: (404, "Không tìm thấy", "Not found"),
    errors.StateConflict: (409, "Trạng thái không cho phép", "The state does not allow this"),
    errors.EarlierSignatureRefused: (409, "Không đúng trình tự", "Out of order"),
    errors.IdempotencyMismatch: (422, "Khóa đã dùng cho yêu cầu khác", "The key belongs to another request"),
    errors.QuotaExceeded: (429, "Vượt hạn mức", "Over the limit"),
    errors.Unavailable: (503, "Tạm thời không sẵn sàng", "Temporarily unavailable"),
    errors.LeaseLost: (409, "Trạng thái không cho phép", "The state does not allow this"),
    hsm.ActMalformed: (400, "Hành vi ký không hợp lệ", "The act is malformed"),
    hsm.CredentialNotUsable: (409, "Không dùng được chứng thư", "The credential cannot be used"),
    hsm.ApprovalRefused: (403, "Phê duyệt bị từ chối", "The approval is refused"),
    hsm.QuotaSpent: (429, "Vượt hạn mức", "Over the limit"),
    hsm.GrantRefused: (409, "Phê duyệt không còn dùng được", "The approval cannot be used any more"),
    hsm.TokenUnavailable: (503, "Thiết bị khóa tạm thời không sẵn sàng", "The token is temporarily away"),
    hsm.PinRejected: (503, "Thiết bị khóa tạm thời không sẵn sàng", "The token is temporarily away"),
    hsm.KeyNotFound: (409, "Không dùng được chứng thư", "The credential cannot be used"),
    hsm.MechanismRefused: (409, "Không dùng được chứng thư", "The credential cannot be used"),
    hsm.StoreUnavailable: (503, "Kho dữ liệu khóa tạm thời không sẵn sàng", "The store is temporarily away"),
    hsm.JournalError: (503, "Nhật ký tạm thời không ghi được", "The journal is temporarily away"),
    hsm.KeyProcessUnavailable: (503, "Khối giữ khóa tạm thời không sẵn sàng", "The key process is away"),
    pades.DocumentRefused: (422, "Tài liệu bị từ chối", "The document is refused"),
    pades.SecretDocument: (422, "Văn bản mật không được ký ở đây", "State secrets are not signed here"),
    pades.PlacementImpossible: (422, "Không đặt được chữ ký ở đó", "The signature cannot stand there"),
    pades.StampUnusable: (422, "Không dựng được hình chữ ký", "The stamp cannot be drawn"),
    pades.DocumentChanged: (409, "Tài liệu đã thay đổi", "The document changed"),
    pades.ReserveTooSmall: (409, "Chữ ký không vừa chỗ dành sẵn", "The signature does not fit"),
    pades.InspectionUnavailable: (
        503,
        "Tạm thời không kiểm tra được tài liệu",
        "No inspection at the moment",
    ),
    pades.LevelUnreachable: (503, "Chưa đạt được mức chữ ký", "The level cannot be reached now"),
    pades.CertificateRevoked: (409, "Chứng thư đã bị thu hồi", "The certificate is revoked"),
}
# The key process speaks English only.
_HSM_DETAILS: dict[type[Exception], str] = {
    hsm.ActMalformed: "Act không đúng dạng JSON chuẩn (RFC 8785) hoặc sai trường; hãy tạo lại.",
    hsm.KeyNotFound: "Khóa của chứng thư không còn trong thiết bị; hãy hỏi quản trị an ninh.",
    hsm.MechanismRefused: "Thiết bị khóa không ký được theo cách này; hãy hỏi quản trị an ninh.",
    hsm.CredentialNotUsable: "Chứng thư không có, không hoạt động, hoặc đã hết hạn.",
    hsm.ApprovalRefused: "Bằng chứng phê duyệt không phải cho đúng hành vi ký này.",
    hsm.QuotaSpent: "Đã ký hết số lượng mà chính sách cho phép trong thời gian này; hãy gọi lại sau.",
    hsm.GrantRefused: "Phê duyệt đã dùng hoặc đã hết hạn; hãy chuẩn bị và phê duyệt lại.",
}
_AWAY = "Chưa ký được lúc này; hãy gọi lại sau."
_RETRY_AFTER = 5
_REASONS = "antin-policy-reasons"
_HTTP = {
    404: ("Không có địa chỉ này; xem /openapi.json.", "There is nothing at this address; see /openapi.json."),
    405: ("Phương thức không được phép ở đây.", "This method is not allowed here."),
    413: ("Dữ liệu gửi lên quá lớn.", "The body is too large."),
}


def register_problems(app: Flask, reasons: Callable[[], Reasons]) -> None:
    """Every way out of this app that is not success. ``reasons``: of the policy's rules now, by id."""
    app.extensions[_REASONS] = reasons

    @app.errorhandler(ValidationError)
    def malformed(error: ValidationError) -> Response:
        return validation_problem(error)

    @app.errorhandler(HTTPException)
    def refused_by_http(error: HTTPException) -> Response:
        return error.response or problem_of(error)  # type: ignore[return-value]

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        return problem_of(error)


def validation_problem(error: ValidationError) -> Response:
    """400, naming each member that is wrong; never its value."""
    faults = [(".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors()[:10]]
    listed = "; ".join(f"{where or 'body'}: {why}" for where, why in faults)
    g.error, g.error_detail = "request_malformed", ", ".join(where for where, _ in faults)
    return _problem(
        400,
        "request_malformed",
        ("Yêu cầu không hợp lệ", "The request is malformed"),
        (f"Sai tham số: {', '.join(where or 'body' for where, _ in faults)}.", f"{listed}."),
    )


def problem_of(error: Exception) -> Response:
    """The problem document of an error; a listed one speaks, any other is a silent 500."""
    if isinstance(error, hsm.PolicyRefused):
        told = policy_problem(error.rules, current_app.extensions.get(_REASONS, dict)())
        g.error, g.error_detail = told.code, " ".join(error.rules)
        return _problem(told.status, told.code, told.title, told.detail)
    if isinstance(error, HTTPException):
        return _refused_by_http(error)
    for kind in type(error).__mro__:
        if kind in _TITLES:
            return _listed(error, *_TITLES[kind])
    # Where, not what: the text of an unexpected error may quote a token or a parameter.
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    g.error, g.error_detail = "internal", f"{type(error).__name__} at {where}"
    return _problem(
        500,
        "internal",
        ("Lỗi hệ thống", "Internal error"),
        (
            "Dịch vụ gặp lỗi; hãy báo quản trị kèm mã yêu cầu.",
            "The service failed; tell its operators the request id.",
        ),
    )


def _refused_by_http(error: HTTPException) -> Response:
    status = error.code or 500
    g.error = f"http_{status}"
    detail = _HTTP.get(status, ("Yêu cầu không hợp lệ.", "The request is malformed."))
    answer = _problem(status, f"http_{status}", ("Yêu cầu bị từ chối", error.name), detail)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            answer.headers[name] = value
    return answer


def _listed(error: Exception, status: int, title: str, title_en: str) -> Response:
    if isinstance(error, errors.LeaseLost):
        error = errors.InProgress()
    code = _code(error)
    g.error, g.error_detail = code, str(getattr(error, "detail", ""))
    findings = None
    if isinstance(error, pades.DocumentRefused):
        findings = [finding_member(finding.encode()) for finding in error.findings]
    if isinstance(error, hsm.HsmError):
        details = next((_HSM_DETAILS[kind] for kind in type(error).__mro__ if kind in _HSM_DETAILS), _AWAY)
        detail = (details, error.message)
    else:
        detail = (str(getattr(error, "message", "")), str(getattr(error, "message_en", "")))
    answer = _problem(status, code, (title, title_en), detail, findings)
    retry_after = getattr(error, "retry_after", None) or (_RETRY_AFTER if status == 503 else None)
    if retry_after:
        answer.headers["Retry-After"] = str(max(1, round(retry_after)))
    if isinstance(error, errors.LoginRefused | errors.ScopeRefused):
        answer.headers["WWW-Authenticate"] = challenge_of(error)
    return answer


def finding_member(encoded: dict[str, Any]) -> dict[str, Any]:
    """A finding as the wire shows it: without what is for the log."""
    shown = {name: encoded[name] for name in ("code", "message", "message_en")}
    return shown | ({"page": encoded["page"]} if encoded.get("page") else {})


def _code(error: Exception) -> str:
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    name = type(error).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _problem(
    status: int,
    code: str,
    title: tuple[str, str],
    detail: tuple[str, str],
    findings: list[dict[str, Any]] | None = None,
) -> Response:
    members: dict[str, Any] = {
        "type": f"urn:antin:problem:{code}",
        "title": title[0],
        "title_en": title[1],
        "status": status,
        "detail": detail[0],
        "detail_en": detail[1],
        "instance": request.path,
        "code": code,
        "request_id": g.get("request_id", ""),
    }
    if findings:
        members["findings"] = findings
    return Response(orjson.dumps(members), status, content_type="application/problem+json")
