"""DPoP (RFC 9449): a key for each session, so that a token taken from the desk is worth nothing elsewhere."""

import base64
import hashlib
import secrets
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey


def new_dpop_key() -> dict[str, Any]:
    """A private P-256 JWK, to be kept in the session beside its tokens."""
    return dict(ECKey.generate_key("P-256").as_dict(private=True))


def proof(jwk: dict[str, Any], method: str, url: str, now: int, *, token: str = "", nonce: str = "") -> str:
    """A proof of this very request (§4.2). ``url``: without its query."""
    key = ECKey.import_key(jwk)
    public = key.as_dict(private=False)
    header = {
        "typ": "dpop+jwt",
        "alg": "ES256",
        "jwk": {name: public[name] for name in ("kty", "crv", "x", "y")},
    }
    claims: dict[str, Any] = {"htm": method, "htu": url, "iat": now, "jti": secrets.token_urlsafe(16)}
    if token:
        digest = hashlib.sha256(token.encode()).digest()
        claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if nonce:
        claims["nonce"] = nonce
    return jwt.encode(header, claims, key)
