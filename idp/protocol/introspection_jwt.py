"""A JWT that answers an introspection request (RFC 9701 §5)."""

from collections.abc import Mapping
from typing import Any

INTROSPECTION_TYP = "token-introspection+jwt"
INTROSPECTION_MEDIA_TYPE = f"application/{INTROSPECTION_TYP}"


def introspection_claims(body: Mapping[str, Any], *, issuer: str, audience: str, now: int) -> dict[str, Any]:
    """``audience``: the resource server that asked. No ``sub`` and ``exp``: it is no other JWT."""
    return {"iss": issuer, "aud": audience, "iat": now, "token_introspection": dict(body)}
