"""The desk's own key: it authenticates by it (private_key_jwt), and derives what only the desk may know."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ClientKey:
    """An ES256 key. Never shows itself in ``repr``."""

    key: ECKey
    kid: str

    def __repr__(self) -> str:
        return f"ClientKey({self.kid!r})"

    def authentication(self, client_id: str, issuer: str, now: int) -> dict[str, str]:
        """Form fields. ``aud`` is the issuer alone (RFC 7523bis), so no other server can use it."""
        claims = {
            "iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }  # fmt: skip
        header = {"alg": "ES256", "typ": "client-authentication+jwt", "kid": self.kid}
        return {
            "client_id": client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(header, claims, self.key),
        }

    def derive(self, purpose: str) -> bytes:
        """32 bytes that every worker of this desk gets, and nobody without the key."""
        secret = int.to_bytes(self.key.private_key.private_numbers().private_value, 32, "big")  # type: ignore[union-attr]
        return HKDF(hashes.SHA256(), 32, None, f"an-tin desk {purpose}".encode()).derive(secret)


def load_client_key(path: Path) -> ClientKey:
    """A private P-256 JWK. Raises OSError, ValueError."""
    jwk: dict[str, Any] = json.loads(path.read_text("utf-8"))
    key = ECKey.import_key(jwk)
    if not key.is_private or key.curve_name != "P-256":
        raise ValueError(f"{path} is not a private P-256 key")
    return ClientKey(key, str(jwk.get("kid") or key.thumbprint()))
