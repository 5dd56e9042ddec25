"""One map: an HTTP answer becomes an error of the SDK."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from antin.errors import (
    DocumentRefused,
    Finding,
    LoginRefused,
    NotFound,
    NotPermitted,
    ServiceError,
    ServiceUnavailable,
)

MAX_PROBLEM_BYTES = 256 * 1024

_BY_STATUS: dict[int, type[ServiceError]] = {
    401: LoginRefused,
    403: NotPermitted,
    404: NotFound,
    410: NotFound,
    429: ServiceUnavailable,
    502: ServiceUnavailable,
    503: ServiceUnavailable,
    504: ServiceUnavailable,
}


def error_of(response: httpx.Response) -> ServiceError:
    """The error an answer of 400 and above stands for. The answer's body must have been read."""
    problem = _members(response)
    status = response.status_code
    kind = _BY_STATUS.get(status, DocumentRefused if 400 <= status < 500 else ServiceError)
    if status == 409 and retry_after_of(response) is not None:
        kind = ServiceUnavailable
    vi = _text(problem, "detail") or _text(problem, "title") or f"Dịch vụ trả lời lỗi {status}."
    en = _text(problem, "detail_en") or _text(problem, "title_en") or f"The service answered {status}."
    return kind(
        vi,
        en,
        status=status,
        code=_text(problem, "code"),
        request_id=_text(problem, "request_id") or response.headers.get("X-Request-Id", ""),
        findings=findings_of(problem.get("findings")),
        retry_after=retry_after_of(response),
        problem=problem,
    )


def login_error_of(response: httpx.Response) -> ServiceError:
    """The error of a token endpoint (RFC 6749 §5.2), which speaks another grammar."""
    status = response.status_code
    if status in (429, 502, 503, 504):
        return error_of(response)
    members = _members(response)
    code = _text(members, "error")
    reason = _text(members, "error_description") or code or f"status {status}"
    return LoginRefused(
        f"Máy chủ định danh từ chối đăng nhập: {reason}. Kiểm tra client_id, key_file và issuer.",
        f"The identity provider refused the login: {reason}. Check client_id, key_file and issuer.",
        status=status,
        code=code,
        request_id=response.headers.get("X-Request-Id", ""),
        problem=members,
    )


def findings_of(value: object) -> tuple[Finding, ...]:
    """The findings of a problem or of an uploaded document; what is malformed is left out."""
    if not isinstance(value, list):
        return ()
    return tuple(
        Finding(
            code=_text(member, "code"),
            message=_text(member, "message"),
            message_en=_text(member, "message_en"),
            page=member["page"] if isinstance(member.get("page"), int) else None,
        )
        for member in value
        if isinstance(member, dict)
    )


def retry_after_of(response: httpx.Response) -> float | None:
    """Seconds to wait by ``Retry-After`` (RFC 9110 §10.2.3: seconds or a date); None if not said."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _members(response: httpx.Response) -> dict[str, Any]:
    if len(response.content) > MAX_PROBLEM_BYTES:
        return {}
    try:
        members = response.json()
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    return value[:2000] if isinstance(value, str) else ""
