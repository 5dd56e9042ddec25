"""Compact JWS (RFC 7515): read one whose maker is not known yet, then verify it with a registered key.

All of the identity provider's JOSE passes here and through ``signing_input``. The key never comes
from the message: ``jwk``, ``jku``, ``x5c`` and ``x5u`` of a header are not read. The algorithm is
that of the registered key, never the header's choice.
"""

import base64
import re
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from idp.errors import JwsRefused
from idp.protocol.strict_json import parse_strict_object

MAX_HEADER_BYTES = 4096
MAX_SIGNATURE_BYTES = 1024
MIN_RSA_BITS = 2048  # FAPI 2.0 Security Profile §5.4.1
MAX_RSA_BITS = 8192
CLIENT_ALGORITHMS = ("ES256", "PS256", "EdDSA")
# What else a JWK of this kind may be called: RFC 9864's name, and the older RSA padding (baseline only).
_OTHER_NAMES = {"EdDSA": ("Ed25519",), "PS256": ("RS256",)}
# Exactly the alphabet, so that one token has one spelling: lenient decoders skip foreign characters.
_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)


class _Registry(JWSRegistry):
    max_header_length = MAX_HEADER_BYTES * 4 // 3 + 4
    max_payload_length = 512 * 1024
    max_signature_length = MAX_SIGNATURE_BYTES

    def get_alg(self, name: str) -> Any:
        # joserfc warns that RFC 9864 renames EdDSA; the allowed names are ours to decide.
        if not self.allowed or name not in self.allowed:
            raise JwsRefused("The algorithm is not allowed.", detail="alg")
        return self.algorithms[name]


# RFC 7515 §4: unknown header parameters are ignored, so the header check is not strict.
_REGISTRIES = {
    alg: _Registry(algorithms=[alg], strict_check_header=False)
    for alg in (*CLIENT_ALGORITHMS, "RS256", "Ed25519")
}


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key that was registered with us, and the one algorithm it verifies."""

    kid: str
    algorithm: str
    key: Key


@dataclass(frozen=True, slots=True)
class UnverifiedJws:
    """What a message says of itself. Nothing in it may be believed yet."""

    compact: str
    header: dict[str, Any]
    claims: dict[str, Any]


def parse_unverified(compact: str, *, max_length: int) -> UnverifiedJws:
    """Header and claims of a compact JWS of at most ``max_length`` characters. Raises JwsRefused."""
    if len(compact) > max_length:
        raise JwsRefused(f"The JWT is longer than {max_length} characters.", detail="size")
    shape = _SHAPE.fullmatch(compact)
    if shape is None:
        raise JwsRefused("Not a JWT in compact form.", detail="shape")
    header, payload, signature = shape.groups()
    if len(header) > MAX_HEADER_BYTES or len(signature) > MAX_SIGNATURE_BYTES:
        raise JwsRefused("The header or the signature of the JWT is too large.", detail="size")
    try:
        return UnverifiedJws(
            compact, parse_strict_object(_decode(header)), parse_strict_object(_decode(payload))
        )
    except ValueError as error:
        raise JwsRefused("The JWT is not two JSON objects without repeated members.") from error


def check_signature(unverified: UnverifiedJws, key: VerifyingKey) -> None:
    """That ``key`` made it, with its own algorithm (RFC 8725 §3.1). Raises JwsRefused."""
    if unverified.header.get("alg") != key.algorithm:
        raise JwsRefused("The algorithm does not fit the key.", detail="alg")
    # RFC 7515 §4.1.11, RFC 7797: no extension is understood here, so none may be critical.
    if "crit" in unverified.header or "b64" in unverified.header:
        raise JwsRefused("No critical header parameter is understood here.", detail="crit")
    registry = _REGISTRIES[key.algorithm]
    try:
        extracted = jws.extract_compact(unverified.compact.encode(), registry=registry)
        if not jws.validate_compact(extracted, key.key, registry=registry):
            raise JwsRefused("The signature does not verify.", detail="signature")
    except (JoseError, ValueError, TypeError) as error:
        # The library's text may quote the message; its class is enough for the log.
        raise JwsRefused("The signature does not verify.", detail=type(error).__name__) from error


def import_public_key(jwk: dict[str, Any], *, algorithm: str = "") -> VerifyingKey:
    """Read a public JWK: EC P-256 (ES256), RSA from 2048 bits (PS256) or Ed25519 (EdDSA).

    ``algorithm``: a fixed other choice (RS256 for our own compatibility keys). ``kid`` is the JWK's
    own, else its RFC 7638 thumbprint. Raises ValueError with the reason.
    """
    if "d" in jwk or jwk.get("kty") == "oct":
        raise ValueError("a public key is wanted, without its private part")
    try:
        match jwk.get("kty"):
            case "EC" if jwk.get("crv") == "P-256":
                key: Key = ECKey.import_key(jwk)
                fitting = "ES256"
            case "RSA":
                # Before joserfc reads it, which only warns of a short key and knows no upper limit.
                if not MIN_RSA_BITS <= _modulus_bits(jwk) <= MAX_RSA_BITS:
                    raise ValueError(f"an RSA key needs {MIN_RSA_BITS} to {MAX_RSA_BITS} bits")
                key = RSAKey.import_key(jwk)
                fitting = "PS256"
            case "OKP" if jwk.get("crv") == "Ed25519":
                key = OKPKey.import_key(jwk)
                fitting = "EdDSA"
            case _:
                raise ValueError("the key must be EC P-256, RSA or Ed25519")
        key.public_key  # noqa: B018 -- the number is decoded once, here, and errors show here
    except (JoseError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("the JWK is malformed") from error
    named = jwk.get("alg")
    if not algorithm and named not in (None, fitting, *_OTHER_NAMES.get(fitting, ())):
        raise ValueError(f"the JWK's alg must be {fitting}")
    kid = jwk.get("kid")
    return VerifyingKey(kid if isinstance(kid, str) and kid else key.thumbprint(), algorithm or fitting, key)


def _modulus_bits(jwk: dict[str, Any]) -> int:
    return int.from_bytes(_decode(jwk["n"])).bit_length()


def _decode(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
