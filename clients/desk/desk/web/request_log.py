"""One event a request, and the headers that every answer carries. No parameter, no body, no name."""

import re
import secrets
import time
from typing import Any, BinaryIO

import orjson
import structlog
from flask import Flask, Response, g, request

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def new_logger(stream: BinaryIO) -> Any:
    """JSON lines on ``stream``."""
    return structlog.wrap_logger(
        structlog.BytesLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.BoundLogger,
        service="desk",
    )


def register_request_log(app: Flask, log: Any, *, https: bool) -> None:
    """Before and after each request."""

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)

    @app.after_request
    def end(answer: Response) -> Response:
        headers = answer.headers
        headers["X-Request-Id"] = g.request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        # A page has set its own, which names where its forms go.
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        static = request.endpoint in ("static", "bootstrap.static")
        headers["Cache-Control"] = (
            "public, max-age=3600" if static else headers.get("Cache-Control", "no-store")
        )
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        event = {
            "request_id": g.request_id,
            "method": request.method,
            "endpoint": request.url_rule.rule if request.url_rule else "none",
            "status": answer.status_code,
            "ms": round((time.perf_counter() - g.started) * 1000, 2),
        }
        if g.get("error"):
            event["error"] = g.error
        (log.error if answer.status_code >= 500 else log.info)("request", **event)
        return answer
