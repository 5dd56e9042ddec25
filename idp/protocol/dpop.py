"""DPoP proofs (RFC 9449 §4.3): every rule in order, but the single use, which Redis keeps.

The key is the proof's own (``jwk``): a proof says nothing of who its maker is, only that whoever holds the
bound key made this very request. No other JWT here takes its key from a header.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from idp.errors import InvalidDpopProof, JwsRefused
from idp.protocol.compact_jws import (
    CLIENT_ALGORITHMS,
    UnverifiedJws,
    VerifyingKey,
    check_signature,
    import_public_key,
    parse_unverified,
)

DPOP_TYP = "dpop+jwt"
DPOP_ALGORITHMS = CLIENT_ALGORITHMS
MAX_PROOF_CHARACTERS = 8 * 1024
MAX_JTI = 256
# FAPI 2.0 §5.3.2.1: up to 10 s ahead is accepted, more than 60 s refused.
AHEAD_SECONDS = 10
BEHIND_SECONDS = 60
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds, once its ``jti`` was spent. ``nonce``: what it says, "" without one."""

    jkt: str
    jti: str
    nonce: str


def check_proof(
    headers: Sequence[str], *, method: str, htu: str, now: float, access_token: str = ""
) -> Proof:
    """The one proof of a request to ``htu`` (no query, no fragment). Raises InvalidDpopProof.

    ``access_token``: given at a resource, where the proof must name it (``ath``).
    """
    # 1 exactly one header field, which is not a list
    if len(headers) != 1 or "," in headers[0]:
        raise InvalidDpopProof("Send exactly one DPoP header.", detail="several proofs")
    # 2 a JWT, 3 with the members, 4 its typ, 5 an asymmetric algorithm of the list
    proof = _parse(headers[0])
    if proof.header.get("typ") != DPOP_TYP:
        raise InvalidDpopProof(f"The typ of the proof must be {DPOP_TYP}.", detail="typ")
    if proof.header.get("alg") not in (*DPOP_ALGORITHMS, "Ed25519"):
        raise InvalidDpopProof("Sign the proof with ES256, PS256 or EdDSA.", detail="alg")
    # 6 + 7 signed by the public key that it carries
    key = _read_key(proof)
    try:
        check_signature(proof, key)
    except JwsRefused as error:
        raise InvalidDpopProof("The signature of the proof does not verify.", detail=error.detail) from error
    # 8 + 9 for this request
    claims = proof.claims
    if claims.get("htm") != method:
        raise InvalidDpopProof("htm of the proof is not the method of this request.", detail="htm")
    if normalised_htu(claims.get("htu")) != normalised_htu(htu):
        raise InvalidDpopProof("htu of the proof is not the address of this request.", detail="htu")
    # 11 made just now
    iat = claims.get("iat")
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        raise InvalidDpopProof("The proof needs iat as a number of seconds.", detail="iat")
    if not now - BEHIND_SECONDS <= iat <= now + AHEAD_SECONDS:
        raise InvalidDpopProof("The proof is too old or from the future. Check the clock.", detail="iat")
    _check_extra_times(claims, now)
    # 12 for this token
    if access_token and claims.get("ath") != token_hash(access_token):
        raise InvalidDpopProof("ath of the proof is not the hash of the access token.", detail="ath")
    jti, nonce = claims.get("jti"), claims.get("nonce", "")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        raise InvalidDpopProof(f"The proof needs a jti of 1 to {MAX_JTI} characters.", detail="jti")
    if not isinstance(nonce, str):
        raise InvalidDpopProof("nonce of the proof must be a string.", detail="nonce")
    return Proof(key.key.thumbprint(), jti, nonce)


def normalised_htu(uri: object) -> str:
    """RFC 9449 §4.3 rule 9 by RFC 3986 §6.2.2: case of scheme and host, default port, needless escapes.

    Query and fragment are left out. "" for what is no absolute URI.
    """
    if not isinstance(uri, str):
        return ""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return ""
    if not parts.scheme or not parts.hostname or parts.username is not None:
        return ""
    scheme = parts.scheme.lower()
    shown = f":{port}" if port not in (None, {"https": 443, "http": 80}.get(scheme)) else ""
    # What is not ASCII or reserved stays escaped, so two different paths never become one.
    path = quote(unquote(parts.path, errors="surrogateescape"), safe="/~-._", errors="surrogateescape")
    if "%2f" in parts.path.lower():
        path = parts.path
    return f"{scheme}://{parts.hostname.lower()}{shown}{path or '/'}"


def token_hash(access_token: str) -> str:
    """``ath``: BASE64URL(SHA-256(token)) (§4.2)."""
    digest = hashlib.sha256(access_token.encode("ascii", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _parse(compact: str) -> UnverifiedJws:
    try:
        return parse_unverified(compact, max_length=MAX_PROOF_CHARACTERS)
    except JwsRefused as error:
        raise InvalidDpopProof(f"The DPoP proof: {error.message}", detail=error.detail or "jwt") from error


def _read_key(proof: UnverifiedJws) -> VerifyingKey:
    jwk = proof.header.get("jwk")
    if not isinstance(jwk, dict) or _PRIVATE & jwk.keys():
        raise InvalidDpopProof("The proof carries its public key, and that only, as jwk.", detail="jwk")
    algorithm = str(proof.header["alg"])
    try:
        # Without its own kid and alg: what names the key is its thumbprint.
        key = import_public_key(
            {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
        )
    except ValueError as error:
        raise InvalidDpopProof("jwk of the proof is not a key that can be used.", detail="jwk") from error
    if algorithm == "Ed25519" and key.algorithm == "EdDSA":
        return VerifyingKey(key.kid, algorithm, key.key)
    return key


def _check_extra_times(claims: dict[str, Any], now: float) -> None:
    """exp and nbf mean nothing in a proof; one that says it is over, or not begun, is taken at its word."""
    exp, nbf = claims.get("exp"), claims.get("nbf")
    if isinstance(exp, int | float) and exp + AHEAD_SECONDS <= now:
        raise InvalidDpopProof("The proof has expired. Check the clock.", detail="exp")
    if isinstance(nbf, int | float) and nbf > now + AHEAD_SECONDS:
        raise InvalidDpopProof("The proof is not valid yet. Check the clock.", detail="nbf")
