"""A client's public keys (RFC 7517): those it signs with, and those that we encrypt to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.protocol.compact_jws import VerifyingKey, import_public_key

MAX_KEYS = 20
_PUBLIC = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use")
_CURVES = ("P-256", "P-384", "P-521", "X25519")


@dataclass(frozen=True, slots=True)
class ClientJwks:
    """By kid. ``encrypting``: public JWKs; keys without ``use`` serve both ends."""

    verifying: Mapping[str, VerifyingKey] = field(default_factory=dict)
    encrypting: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_client_jwks(jwks: Iterable[Mapping[str, Any]], *, lenient: bool = False) -> ClientJwks:
    """Raises ValueError for a private or unsound key; ``lenient``: keys of kinds unknown here are left out.

    A published set may hold keys for others (RFC 7517 §5: what is not understood is ignored).
    """
    verifying: dict[str, VerifyingKey] = {}
    encrypting: dict[str, Mapping[str, Any]] = {}
    for position, jwk in enumerate(jwks):
        if position == MAX_KEYS:
            raise ValueError(f"more than {MAX_KEYS} keys")
        if "d" in jwk or jwk.get("kty") == "oct":
            raise ValueError("a public key is wanted, without its private part")
        public = {name: jwk[name] for name in _PUBLIC if name in jwk}
        if _encrypts(public):
            encrypting[str(public.get("kid") or position)] = public
        if jwk.get("use") == "enc":
            continue
        try:
            key = import_public_key(public)
        except ValueError:
            if lenient:
                continue
            raise
        verifying[key.kid] = key
    return ClientJwks(verifying, encrypting)


def _encrypts(jwk: Mapping[str, Any]) -> bool:
    if jwk.get("use") == "sig" or str(jwk.get("alg", "")).startswith(("ES", "PS", "RS2", "Ed")):
        return False
    return jwk.get("kty") == "RSA" or jwk.get("crv") in _CURVES
