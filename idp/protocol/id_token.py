"""ID Tokens (OpenID Connect Core §2): who logged in, how and when, for one client; nothing not asked for."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from idp.protocol.authorization import Authorization

ID_TOKEN_TYP = "JWT"  # noqa: S105 -- a media type
# What the claims parameter can ask for that is here anyway, or that no request changes.
_OWN = frozenset(
    {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash"}
)


def id_token_claims(
    authorization: Authorization,
    *,
    issuer: str,
    sub: str,
    access_token: str,
    now: int,
    lifetime: int,
    about_person: Mapping[str, Any],
) -> dict[str, Any]:
    """The claims. ``about_person``: those of ``asked_in_id_token`` that are known and may be told.

    ``auth_time``, ``acr``, ``amr``, ``nonce`` and ``sid`` are those of the login, at refresh as well (Core
    §12.2). No ``nbf``: clients with slow clocks would refuse it. One audience, so no ``azp``.
    """
    authentication = authorization.authentication
    claims: dict[str, Any] = {
        **{name: value for name, value in about_person.items() if name not in _OWN},
        "iss": issuer,
        "sub": sub,
        "aud": authorization.client_id,
        "iat": now,
        "exp": now + lifetime,
        "auth_time": authentication.auth_time,
        "acr": authentication.acr,
        "amr": list(authentication.amr),
        "sid": authentication.session_id,
        "at_hash": at_hash(access_token),
    }
    if authorization.nonce:
        claims["nonce"] = authorization.nonce
    return claims


def asked_in_id_token(authorization: Authorization) -> frozenset[str]:
    """Names of claims about the person that the request wants in the ID Token itself (Core §5.5)."""
    return frozenset(authorization.claims.get("id_token") or ()) - _OWN


def at_hash(access_token: str) -> str:
    """Core §3.1.3.6: the left half of SHA-256, which is the hash of every algorithm we sign with."""
    digest = hashlib.sha256(access_token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
