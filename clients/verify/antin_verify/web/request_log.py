"""One JSON line a request: the route, never the address itself, which may name a document's digest."""

import json
import re
import secrets
import time
from datetime import UTC, datetime
from typing import TextIO

from flask import Flask, Response, g, request

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register_request_log(app: Flask, log: TextIO) -> None:
    """Before everything else, so that it sees every answer."""

    @app.before_request
    def begin() -> None:
        asked = request.headers.get("X-Request-Id", "")
        g.request_id = asked if _ID.fullmatch(asked) else secrets.token_hex(8)
        g.began = time.monotonic()

    @app.after_request
    def write(answer: Response) -> Response:
        if request.endpoint in ("check.healthy", "static"):
            return answer
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "service": "verify",
            "event": "request",
            "request_id": g.request_id,
            "method": request.method,
            "route": request.url_rule.rule if request.url_rule else "",
            "status": answer.status_code,
            "seconds": round(time.monotonic() - g.began, 3),
        }
        line |= {name: g.get(name) for name in ("error", "error_detail") if g.get(name)}
        log.write(json.dumps(line) + "\n")
        log.flush()
        return answer
