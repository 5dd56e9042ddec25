"""Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4)."""

from typing import Any

LOGOUT_TOKEN_TYP = "logout+jwt"  # noqa: S105 -- a media type
BACKCHANNEL_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
# §4: two minutes at most are recommended, so that a captured one is soon worth nothing.
LIFETIME_SECONDS = 120


def logout_token_claims(
    *, issuer: str, client_id: str, subject: str, session_id: str, jti: str, now: int
) -> dict[str, Any]:
    """The claims. ``subject``: the ``sub`` this client knows, or "". Never a ``nonce`` (§2.4)."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": client_id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": jti,
        "sid": session_id,
        "events": {BACKCHANNEL_LOGOUT_EVENT: {}},
    }
    if subject:
        claims["sub"] = subject
    return claims
