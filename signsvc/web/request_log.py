"""One event a request, and the headers that every answer carries.

An event has: time, event ("request"), request_id, method, endpoint (the route, never the URL), status,
ms, and when there is one client_id, error and detail. No parameter, no header, no body.
"""

import re
import secrets
import sys
import time
from typing import Any, BinaryIO

import orjson
import structlog
from flask import Flask, Response, g, request

from signsvc.measure import Metrics

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def new_logger(stream: BinaryIO) -> Any:
    """A logger of this app alone: JSON lines on ``stream``."""
    return structlog.wrap_logger(
        structlog.BytesLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.BoundLogger,
        service="signsvc",
    )


def configure_logs() -> None:
    """What the layers below log goes out as JSON lines too. For a process's entry, not for an app."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
    )


def register_request_log(app: Flask, log: Any, metrics: Metrics, *, https: bool) -> None:
    """Before and after each request."""

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        # For what the layers below log of their own.
        structlog.contextvars.clear_contextvars()
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(answer: Response) -> Response:
        headers = answer.headers
        headers["X-Request-Id"] = g.request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        # A page for people says what it needs itself (web/approval_page.py).
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Cache-Control"] = "no-store"
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        endpoint = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.started
        metrics.requests.labels(endpoint, str(answer.status_code)).inc()
        metrics.seconds.labels(endpoint).observe(seconds)
        event = {
            "request_id": g.request_id,
            "method": request.method,
            "endpoint": endpoint,
            "status": answer.status_code,
            "ms": round(seconds * 1000, 2),
        }
        for name, attribute in (("client_id", "client_id"), ("error", "error"), ("detail", "error_detail")):
            value = g.get(attribute)
            if value:
                event[name] = value
        (log.error if answer.status_code >= 500 else log.info)("request", **event)
        return answer
