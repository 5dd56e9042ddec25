"""Problem documents (RFC 9457), for the administrators' API."""

from typing import Any

import orjson
from flask import Response

from idp.error_catalogue import ERRORS

PROBLEM_JSON = "application/problem+json"


def problem_answer(issuer: str, status: int, code: str, detail: str) -> Response:
    """``code``: of the error catalogue, which is where ``type`` leads."""
    entry = ERRORS[code]
    body: dict[str, Any] = {
        "type": f"{issuer}/errors#{code}",
        "title": entry.en,
        "title_vi": entry.vi,
        "status": status,
        "detail": detail or entry.en,
        "code": code,
    }
    answer = Response(orjson.dumps(body), status=status, content_type=PROBLEM_JSON)
    answer.headers["Cache-Control"] = "no-store"
    return answer
