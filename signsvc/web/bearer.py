"""Verify access tokens (RFC 9068 §4) with the identity provider's published keys."""

import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from signsvc.errors import LoginRefused, TokenExpired
from signsvc.web.issuer_keys import IssuerKeys

MAX_TOKEN = 256 * 1024
MAX_HEADER = 1024
LEEWAY = 10
_KEPT = 1024
# The types of authorization_details for a credential: v2.0.0.2 §8.3, and v2.2.
CSC_CREDENTIAL = ("credential", "https://cloudsignatureconsortium.org/2025/credential")


class _Registry(jws.JWSRegistry):
    max_header_length = MAX_HEADER
    max_payload_length = MAX_TOKEN


_REGISTRIES = {alg: _Registry(algorithms=[alg]) for alg in ("ES256", "PS256", "RS256")}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. Times in Unix seconds. ``subject``: the client itself, or a person.

    ``approval``: the handle of an approval that a person gave on our page (scope ``credential``), or "".
    ``jkt``, ``x5t``: thumbprints of the DPoP key and certificate it is bound to (RFC 7800 ``cnf``), or "".
    """

    client_id: str
    subject: str
    scopes: frozenset[str]
    token_id: str
    not_before: float
    expires_at: float
    approval: str = ""
    jkt: str = ""
    x5t: str = ""

    @property
    def bound(self) -> bool:
        """Whether it opens nothing without a key: never taken as a bearer token."""
        return bool(self.jkt or self.x5t)


class AccessTokens:
    """Verifies; remembers the last thousand it verified, by digest, until they expire. Thread-safe."""

    def __init__(
        self, keys: IssuerKeys, *, issuer: str, resource: str, clock: Callable[[], datetime]
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._resource = resource
        self._clock = clock
        self._verified: OrderedDict[bytes, Claims] = OrderedDict()
        self._lock = Lock()

    def verify_token(self, unverified_token: str) -> Claims:
        """Raises LoginRefused, IssuerUnavailable."""
        now = self._clock().timestamp()
        if len(unverified_token) > MAX_TOKEN:
            raise _refused("the token is too large")
        digest = hashlib.sha256(unverified_token.encode()).digest()
        with self._lock:
            claims = self._verified.get(digest)
        if claims is None:
            claims = self._verify(unverified_token)
            with self._lock:
                self._verified[digest] = claims
                if len(self._verified) > _KEPT:
                    self._verified.popitem(last=False)
        if not claims.not_before - LEEWAY <= now < claims.expires_at + LEEWAY:
            raise _refused("expired or not yet valid", TokenExpired)
        return claims

    def _verify(self, unverified_token: str) -> Claims:
        header = _header(unverified_token)
        # RFC 8725 §3.11, RFC 9068 §4: an ID token must not pass for an access token.
        if header.get("typ", "").lower() not in ("at+jwt", "application/at+jwt"):
            raise _refused("typ is not at+jwt")
        key = self._keys.find_key(header["kid"])
        if key is None:
            raise _refused("unknown kid")
        # RFC 8725 §3.1: the key's own algorithm, never the header's choice.
        if header.get("alg") != key.algorithm or key.algorithm not in _REGISTRIES:
            raise _refused("alg is not the key's")
        try:
            verified = jws.deserialize_compact(unverified_token, key.key, registry=_REGISTRIES[key.algorithm])
            claims = orjson.loads(verified.payload)
        except (JoseError, ValueError) as error:
            raise _refused(f"JWS: {type(error).__name__}") from error
        return self._check_claims(claims)

    def _check_claims(self, claims: Any) -> Claims:
        if not isinstance(claims, dict):
            raise _refused("claims are not an object")
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._issuer:
            raise _refused("iss")
        if self._resource not in audiences:
            raise _refused("aud")
        issued_at = _number(claims, "iat")
        jkt, x5t = _confirmation(claims)
        return Claims(
            client_id=_text(claims, "client_id"),
            subject=_text(claims, "sub"),
            scopes=frozenset(str(claims.get("scope", "")).split()),
            token_id=_text(claims, "jti"),
            not_before=max(issued_at, _number(claims, "nbf") if "nbf" in claims else issued_at),
            expires_at=_number(claims, "exp"),
            approval=_approval(claims.get("authorization_details")),
            jkt=jkt,
            x5t=x5t,
        )


def _confirmation(claims: dict[str, Any]) -> tuple[str, str]:
    """``jkt`` and ``x5t#S256``. A binding of which we understand nothing is one that we cannot check."""
    if "cnf" not in claims:
        return "", ""
    cnf = claims["cnf"]
    named = {name: cnf[name] for name in ("jkt", "x5t#S256") if name in cnf} if isinstance(cnf, dict) else {}
    if not named or not all(isinstance(value, str) and value for value in named.values()):
        raise _refused("cnf")
    return named.get("jkt", ""), named.get("x5t#S256", "")


def _approval(details: Any) -> str:
    for one in details if isinstance(details, list) else ():
        if (
            isinstance(one, dict)
            and one.get("type") in CSC_CREDENTIAL
            and isinstance(one.get("approval"), str)
        ):
            return str(one["approval"])
    return ""


def _header(token: str) -> dict[str, Any]:
    segments = token.split(".")
    if len(segments) != 3 or len(segments[0]) > MAX_HEADER * 2:
        raise _refused("not a compact JWS")
    try:
        header = orjson.loads(base64.urlsafe_b64decode(segments[0] + "=" * (-len(segments[0]) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _refused("unreadable header") from error
    if not isinstance(header, dict) or not all(isinstance(header.get(n), str) for n in ("typ", "alg", "kid")):
        raise _refused("the header lacks typ, alg or kid")
    return header


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise _refused(name)
    return value


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(name)
    return float(value)


def _refused(detail: str, kind: type[LoginRefused] = LoginRefused) -> LoginRefused:
    return kind(
        "Mã truy cập không hợp lệ, đã hết hạn, hoặc không dành cho dịch vụ này; hãy xin mã mới.",
        "The access token is invalid, expired, or not for this service; get a new one.",
        detail=detail,
    )
