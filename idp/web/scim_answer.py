"""SCIM messages out (RFC 7644 §3.1, §3.12)."""

from typing import Any

import orjson
from flask import Response

SCIM_JSON = "application/scim+json"


def scim_answer(status: int, body: dict[str, Any]) -> Response:
    """Personal data: nobody stores it on the way."""
    answer = Response(orjson.dumps(body), status=status, content_type=SCIM_JSON)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def scim_error_answer(status: int, detail: str) -> Response:
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": str(status),
        "detail": detail,
    }
    return scim_answer(status, body)
