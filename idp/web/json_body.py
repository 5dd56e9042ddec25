"""Read one JSON object strictly: no repeated members, no NaN, the right content type."""

from typing import Any

from flask import Request

from idp.errors import InvalidRequest
from idp.protocol.strict_json import parse_strict_object


def read_json_object(request: Request, *content_types: str) -> dict[str, Any]:
    """``content_types``: besides application/json. Raises InvalidRequest."""
    if request.mimetype not in ("application/json", *content_types):
        raise InvalidRequest("The body must be application/json.", detail="content type")
    try:
        # Kept: an Idempotency-Key is bound to these very bytes.
        return parse_strict_object(request.get_data(cache=True))
    except ValueError as error:
        raise InvalidRequest(
            "The body must be one JSON object without repeated members.", detail="json"
        ) from error


def bearer_token(request: Request) -> str:
    """What follows ``Bearer`` in the Authorization header, or "" (RFC 6750 §2.1; never from body or URL)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
