"""JSON out, by orjson, with the headers RFC 6749 §5.1 asks for."""

from typing import Any

import orjson
from flask import Response


def json_answer(status: int, body: dict[str, Any]) -> Response:
    """Never stored by anybody: tokens and judgements about tokens."""
    answer = Response(orjson.dumps(body), status=status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Pragma"] = "no-cache"
    return answer


def public_answer(body: bytes, seconds: int) -> Response:
    """A public document that anybody may keep for so long."""
    answer = Response(body, content_type="application/json")
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    # Single-page clients of other origins read these two documents; they carry no secret.
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
