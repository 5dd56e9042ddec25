"""Verify a compact JWS whose key is already known (RFC 7515 §5.2): one gate for all JOSE here.

The key never comes from the message: ``jwk``, ``jku``, ``x5c`` and ``x5u`` in a header are not read.
The algorithm follows from the registered key's type, never from the header alone.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from hsm.acts.act import MAX_ACT_BYTES
from hsm.errors import ApprovalRefused

MAX_HEADER_BYTES = 1024
MIN_RSA_BITS = 3072
_NO_APPROVAL = "The proof is not an approval of this act."


class _Registry(jws.JWSRegistry):
    max_header_length = MAX_HEADER_BYTES
    max_payload_length = MAX_ACT_BYTES * 2


_REGISTRIES = {alg: _Registry(algorithms=[alg]) for alg in ("ES256", "PS256", "RS256", "EdDSA", "Ed25519")}


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A registered public key and the only algorithms it verifies."""

    kid: str
    key: Key
    algorithms: frozenset[str]


def import_verifying_key(jwk: dict[str, Any], *, rs256: bool = False) -> VerifyingKey:
    """Read a public JWK: EC P-256, RSA of at least 3072 bits, or Ed25519. ``kid``: RFC 7638 thumbprint.

    ``rs256``: the key is our own token key in the compatibility mode RS256.
    Raises ValueError with the reason.
    """
    if "d" in jwk or jwk.get("kty") == "oct":
        raise ValueError("a public key is wanted, without its private part")
    try:
        match jwk.get("kty"):
            case "EC" if jwk.get("crv") == "P-256":
                key: Key = ECKey.import_key(jwk)
                algorithms = {"ES256"}
            case "RSA":
                key = RSAKey.import_key(jwk)
                if key.public_key.key_size < MIN_RSA_BITS:
                    raise ValueError(f"an RSA key needs at least {MIN_RSA_BITS} bits")
                algorithms = {"RS256"} if rs256 else {"PS256"}
            case "OKP" if jwk.get("crv") == "Ed25519":
                key = OKPKey.import_key(jwk)
                algorithms = {"EdDSA", "Ed25519"}  # RFC 8037, and its fully-specified name of RFC 9864
            case _:
                raise ValueError("the key must be EC P-256, RSA or Ed25519")
    except (JoseError, KeyError, TypeError) as error:
        raise ValueError("the JWK is malformed") from error
    return VerifyingKey(key.thumbprint(), key, frozenset(algorithms))


def unverified_header(evidence: str) -> dict[str, Any]:
    """The protected header, to find the key by ``kid`` and nothing else. Raises ApprovalRefused."""
    segment, dot, _ = evidence.partition(".")
    if not dot or len(segment) > MAX_HEADER_BYTES * 2:
        raise ApprovalRefused(_NO_APPROVAL, detail="not a compact JWS")
    try:
        header = orjson.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (ValueError, binascii.Error) as error:
        raise ApprovalRefused(_NO_APPROVAL, detail="unreadable JWS header") from error
    if not isinstance(header, dict) or not isinstance(header.get("kid"), str):
        raise ApprovalRefused(_NO_APPROVAL, detail="the JWS header names no kid")
    return header


def verify_compact(evidence: str, key: VerifyingKey, *, typ: str) -> bytes:
    """The payload of a JWS that ``key`` made and whose ``typ`` is exactly this (RFC 8725 §3.11).

    Raises ApprovalRefused.
    """
    header = unverified_header(evidence)
    algorithm = header.get("alg")
    # RFC 8725 §3.1: the algorithm must be one the registered key is meant for. This also shuts out
    # "none", and HMAC with a public key as its secret.
    if algorithm not in key.algorithms:
        raise ApprovalRefused(_NO_APPROVAL, detail="the JWS algorithm does not fit the key")
    if header.get("typ") != typ:
        raise ApprovalRefused(_NO_APPROVAL, detail=f"the JWS typ is not {typ}")
    # RFC 7515 §4.1.11: what is critical must be understood, and nothing is here; an empty list is no list.
    if "crit" in header:
        raise ApprovalRefused(_NO_APPROVAL, detail="the JWS has critical headers")
    try:
        verified = jws.deserialize_compact(evidence, key.key, registry=_REGISTRIES[algorithm])
    except (JoseError, ValueError) as error:
        raise ApprovalRefused(_NO_APPROVAL, detail=f"JWS: {error}") from error
    return verified.payload
