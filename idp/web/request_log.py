"""One event a request, and the headers that every answer carries.

An event has: time, event ("request"), request_id, method, endpoint (the route, never the URL), status,
ms, and when there is one client_id, error and detail. No parameter, no header, no body.
"""

import re
import secrets
import time
from typing import Any, BinaryIO

import orjson
import structlog
from flask import Flask, Response, g, request

from idp.web.metrics import Metrics

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
        service="idp",
    )


def register_request_log(app: Flask, log: Any, metrics: Metrics, *, https: bool) -> None:
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
        # A page has set its own, which names what it shows.
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        headers.setdefault("Cache-Control", "no-store")
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
        for name, attribute in (
            ("client_id", "client_id"),
            ("error", "error"),
            ("detail", "error_detail"),
            ("self_test", "self_test"),
        ):
            value = g.get(attribute)
            if value:
                event[name] = value
        (log.error if answer.status_code >= 500 else log.info)("request", **event)
        return answer
