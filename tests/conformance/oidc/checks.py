"""What the suite checks in every run, whatever the module is about. Its warnings are failures here."""

import base64
import hashlib
import math
import re
import time
from collections import Counter
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

SKEW = 300
_ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*")
_ERROR_MEMBERS = {"error", "error_description", "error_uri", "state", "session_state", "iss"}
_STANDARD_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str, "given_name": str, "family_name": str, "middle_name": str, "nickname": str,
    "preferred_username": str, "profile": str, "picture": str, "website": str, "email": str,
    "email_verified": bool, "gender": str, "birthdate": str, "zoneinfo": str, "locale": str,
    "phone_number": str, "phone_number_verified": bool, "address": dict, "updated_at": (int, float),
}  # fmt: skip


def check_random(value: str, what: str) -> None:
    """At least 128 bits long, and a Shannon entropy above 96 bits."""
    assert len(value) * 6 >= 128, f"{what} is short"
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) * len(value)
    assert entropy > 96, f"{what} has {entropy:.0f} bits"


def check_standard_claims(claims: dict[str, Any]) -> None:
    for name, kind in _STANDARD_TYPES.items():
        if name in claims:
            assert isinstance(claims[name], kind), f"{name} is a {type(claims[name]).__name__}"
            assert claims[name] not in ("", {}), f"{name} is empty"


def check_id_token(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    client_id: str,
    algorithm: str,
    nonce: str | None,
    access_token: str = "",
) -> dict[str, Any]:
    """``PerformStandardIdTokenChecks``; its claims."""
    decoded = jwt.decode(token, keys, algorithms=[algorithm])
    header, claims = decoded.header, decoded.claims
    assert header["alg"] == algorithm
    assert header.get("kid"), "no kid in the header"
    now = time.time()
    assert claims["iss"] == issuer
    audience = claims["aud"]
    assert client_id in ([audience] if isinstance(audience, str) else audience)
    assert claims["sub"]
    assert now - SKEW < claims["exp"] < now + 50 * 365 * 86400
    assert abs(claims["iat"] - now) < SKEW
    assert "nbf" not in claims
    if "auth_time" in claims:
        assert now - 365 * 86400 < claims["auth_time"] <= now + SKEW
    assert claims.get("acr") != ""
    assert claims.get("nonce") == nonce
    if "at_hash" in claims and access_token:
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    check_standard_claims(claims)
    return dict(claims)


def check_token_answer(answer: httpx.Response) -> dict[str, Any]:
    """200, JSON, never cached, with a token of enough entropy and its lifetime."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    assert "no-store" in answer.headers["cache-control"]
    body: dict[str, Any] = answer.json()
    check_random(body["access_token"], "access_token")
    assert body["token_type"].lower() in ("bearer", "dpop")
    assert body["expires_in"] > 0
    if "refresh_token" in body:
        check_random(body["refresh_token"], "refresh_token")
    return body


def check_error_answer(
    answer: httpx.Response, *errors: str, status: tuple[int, ...] = (400,)
) -> dict[str, Any]:
    """An OAuth error in JSON: the code asked for, a description without control characters, no extras."""
    assert answer.status_code in status, f"{answer.status_code} {answer.text}"
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    body: dict[str, Any] = answer.json()
    assert body["error"] in errors, body
    assert _ERROR_TEXT.fullmatch(body.get("error_description", ""))
    assert set(body) <= _ERROR_MEMBERS, body
    return body


def check_error_callback(params: dict[str, str], *errors: str, issuer: str, state: str | None) -> None:
    """An error that was sent to the relying party: code, state, iss, and nothing besides."""
    assert params.get("error") in errors, params
    assert "code" not in params
    assert params.get("state") == state
    assert params.get("iss") == issuer
    assert _ERROR_TEXT.fullmatch(params.get("error_description", ""))
    assert set(params) <= _ERROR_MEMBERS, params
