"""Errors become problem documents (RFC 9457) here and nowhere else; what is unknown stays silent."""

import uuid

import structlog
from flask import Flask, Response, g, json
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from devca.errors import DevcaError, RequestRefused

log = structlog.get_logger("devca")


def install(app: Flask) -> None:
    """Register the error handlers."""

    @app.errorhandler(DevcaError)
    def refused(error: DevcaError) -> Response:
        log.info("refused", code=error.code, detail=error.detail, request_id=request_id())
        return problem(error.status, error.code, error.message, error.english)

    @app.errorhandler(ValidationError)
    def malformed(error: ValidationError) -> Response:
        fields = ", ".join(sorted({".".join(str(part) for part in each["loc"]) for each in error.errors()}))
        return refused(
            RequestRefused(
                f"Nội dung JSON sai: {fields or 'không phải JSON'}.",
                f"The JSON body is wrong: {fields or 'not JSON'}.",
            )
        )

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        return problem(status, f"http_{status}", "Yêu cầu không đúng.", error.name)

    @app.errorhandler(Exception)
    def unknown(_error: Exception) -> Response:
        log.exception("unexpected", request_id=request_id())
        return problem(500, "internal", "Lỗi bên trong.", "Internal error.")


def problem(status: int, code: str, title: str, title_en: str) -> Response:
    """A problem document, Vietnamese first."""
    document = {
        "type": "about:blank",
        "title": title,
        "title_en": title_en,
        "status": status,
        "code": code,
        "request_id": request_id(),
    }
    return Response(json.dumps(document), status=status, content_type="application/problem+json")


def request_id() -> str:
    """The request's id, made up when none came in."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex
    return str(g.request_id)
