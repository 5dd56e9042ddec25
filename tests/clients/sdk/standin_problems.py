"""The stand-in's problem documents (RFC 9457)."""

from typing import Any

from flask import Response, jsonify


class Refused(Exception):
    def __init__(self, status: int, code: str, **members: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.members = status, code, members


def problem(error: Refused) -> Response:
    body = {
        "type": "about:blank",
        "title": "Lỗi mẫu",
        "title_en": "Sample fault",
        "status": error.status,
        "detail": f"Chi tiết {error.code}",
        "detail_en": f"Detail {error.code}",
        "code": error.code,
        "request_id": "r-1",
        **{name: value for name, value in error.members.items() if name != "retry_after"},
    }
    response = jsonify(body)
    response.status_code = error.status
    response.content_type = "application/problem+json"
    if "retry_after" in error.members:
        response.headers["Retry-After"] = error.members["retry_after"]
    return response
