"""What an access token says (RFC 9068 §2.2), and what introspection repeats of it (RFC 7662 §2.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idp.protocol.assurance import Authentication
from idp.protocol.client import Client
from idp.protocol.confirmation import UNBOUND, Confirmation, confirmation_of

ACCESS_TOKEN_TYP = "at+jwt"  # noqa: S105 -- RFC 9068 §2.1
MAX_ACCESS_TOKEN_CHARACTERS = 80 * 1024
_INTROSPECTED = (
    "iss", "sub", "aud", "client_id", "scope", "exp", "iat", "jti", "authorization_details",
    "cnf", "act", "acr", "auth_time", "sid",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Authorized:
    """What a client asked for and may have: only the rules make one."""

    scope: str
    resource: str
    details: Sequence[Mapping[str, Any]]


def access_token_claims(
    client: Client,
    authorized: Authorized,
    *,
    issuer: str,
    now: int,
    lifetime: int,
    jti: str,
    confirmation: Confirmation = UNBOUND,
) -> dict[str, Any]:
    """The claims. ``now`` and ``lifetime`` in seconds; ``jti``: at least 128 random bits."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": client.client_id,  # no person is involved: the client speaks for itself
        "client_id": client.client_id,
        "aud": authorized.resource,
        "iat": now,
        "exp": now + lifetime,
        "jti": jti,
        **confirmation.claims(),
    }
    if authorized.scope:
        claims["scope"] = authorized.scope
    if authorized.details:
        claims["authorization_details"] = list(authorized.details)
    return claims


def person_claims(authentication: Authentication, sub: str, *, in_session: bool) -> dict[str, Any]:
    """What makes it a person's token (RFC 9068 §2.2.1): added to ``access_token_claims``."""
    claims = {"sub": sub, "acr": authentication.acr, "auth_time": authentication.auth_time}
    return {**claims, "sid": authentication.session_id} if in_session else claims


def introspection_of(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a resource server about a token that is active for it."""
    repeated = {name: claims[name] for name in _INTROSPECTED if name in claims}
    return {"active": True, "token_type": confirmation_of(claims).token_type, **repeated}
