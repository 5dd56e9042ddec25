"""Read back a token of ours, for introspection and revocation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.errors import JwsRefused
from idp.protocol.access_token import ACCESS_TOKEN_TYP, MAX_ACCESS_TOKEN_CHARACTERS
from idp.protocol.client import Client
from idp.protocol.compact_jws import check_signature, parse_unverified
from idp.token_keys import TokenKeys


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token whose signature is ours: its claims are what we once wrote. May have expired."""

    claims: Mapping[str, Any]
    now: int

    @property
    def jti(self) -> str:
        return str(self.claims["jti"])

    @property
    def client_id(self) -> str:
        return str(self.claims["client_id"])

    @property
    def audience(self) -> str:
        return str(self.claims["aud"])

    @property
    def expires_at(self) -> int:
        return int(self.claims["exp"])

    def check_client(self, client: Client) -> bool:
        """Authlib's question at revocation: is it this client's?"""
        return client.client_id == self.client_id

    def is_expired(self) -> bool:
        return self.now >= self.expires_at


def find_issued_token(compact: str, token_keys: TokenKeys, issuer: str, now: int) -> IssuedToken | None:
    """The token when we made it, else None. Raises KeysUnavailable: unknown is not the same as no."""
    try:
        unverified = parse_unverified(compact, max_length=MAX_ACCESS_TOKEN_CHARACTERS)
    except JwsRefused:
        return None
    key = token_keys.find_key(unverified.header.get("kid"))
    if key is None or unverified.header.get("typ") != ACCESS_TOKEN_TYP:
        return None
    try:
        check_signature(unverified, key)
    except JwsRefused:
        return None
    if unverified.claims.get("iss") != issuer:
        return None
    return IssuedToken(unverified.claims, now)
