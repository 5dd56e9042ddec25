"""DPoP proofs at a resource (RFC 9449 §4.3, §7.1): every rule, in order, but single use, which Redis keeps.

The key is the proof's own (``jwk``): the proof says only that whoever holds that key made this very
request. Whose token it opens is told by the token's ``cnf.jkt``.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from signsvc.errors import LoginRefused

TYP = "dpop+jwt"
ALGORITHMS = ("ES256", "PS256", "EdDSA")
MAX_PROOF = 8 * 1024
MAX_JTI = 256
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
# FAPI 2.0 §5.3.2.1, as the identity provider has it: one proof maker serves both.
AHEAD_SECONDS = 10
BEHIND_SECONDS = 60
# Exactly the alphabet: a lenient decoder would give one proof several spellings, and a list has a comma.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_PUBLIC = ("kty", "crv", "x", "y", "n", "e")
_PORTS = {"https": 443, "http": 80}


class _Registry(jws.JWSRegistry):
    max_header_length = MAX_PROOF
    max_payload_length = MAX_PROOF

    def get_alg(self, name: str) -> Any:
        # joserfc warns that RFC 9864 renames EdDSA; the allowed names are ours to decide.
        if not self.allowed or name not in self.allowed:
            raise refused_proof("alg")
        return self.algorithms[name]


# RFC 7515 §4: unknown header parameters are ignored, so the header check is not strict.
_REGISTRIES = {
    alg: _Registry(algorithms=[alg], strict_check_header=False) for alg in (*ALGORITHMS, "Ed25519")
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds, once its ``jti`` was spent. ``jkt``: RFC 7638 SHA-256 thumbprint, base64url."""

    jkt: str
    jti: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a proof must be of. ``origin``: our public address; ``path``: decoded, no query."""

    method: str
    origin: str
    path: str
    token: str


def check_proof(headers: Sequence[str], asked: Asked, *, jkt: str, now: float) -> Proof:
    """The one proof of this request, by the key that the token names. Raises LoginRefused."""
    # 1 one header field, 2 one compact JWS, 3 of objects
    header, claims = _read(headers)
    # 4 of this type, 5 by an algorithm of the list, 6 with its public key, 7 by that key
    key = _verify_signature(headers[0], header)
    # 8 the key that the token is bound to
    if key.thumbprint() != jkt:
        raise refused_proof("bound to another key")
    # 9 of this request, 10 made just now, 11 for this token
    if claims.get("htm") != asked.method:
        raise refused_proof("htm")
    if not is_address_of(claims.get("htu"), asked.origin, asked.path):
        raise refused_proof("htu")
    _check_times(claims, now)
    if claims.get("ath") != token_hash(asked.token):
        raise refused_proof("ath")
    # 12 with a name to spend
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        raise refused_proof("jti")
    return Proof(jkt, jti)


def is_address_of(htu: object, origin: str, path: str) -> bool:
    """Whether ``htu`` is ``origin`` + ``path``, by RFC 3986 §6.2.2 and without query and fragment.

    ``path`` is the one that was routed: what WSGI makes of two spellings is one resource.
    """
    given, ours = _origin(htu), _origin(origin)
    if given is None or ours is None or given[:-1] != ours[:-1]:
        return False
    return (_normal(given[-1]) or "/") == (_quoted(f"{ours[-1].rstrip('/')}{path}") or "/")


def token_hash(token: str) -> str:
    """``ath``: BASE64URL(SHA-256(token)) (§4.2)."""
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def refused_proof(detail: str) -> LoginRefused:
    """401 ``invalid_dpop_proof`` (§7.1); ``detail`` names the rule, for the log."""
    told = _TOLD.get(detail, ("không hợp lệ", "is not valid"))
    return LoginRefused(
        f"Bằng chứng DPoP {told[0]}; hãy tạo bằng chứng mới cho chính yêu cầu này.",
        f"The DPoP proof {told[1]}; make a new one for this very request.",
        reason="invalid_dpop_proof",
        detail=f"dpop: {detail}",
        scheme="DPoP",
    )


_TOLD = {
    "headers": ("phải có đúng một header DPoP", "must be one header DPoP, exactly"),
    "alg": ("phải ký bằng ES256, PS256 hoặc EdDSA", "must be signed with ES256, PS256 or EdDSA"),
    "jwk": ("phải mang khóa công khai jwk và chỉ khóa đó", "must carry its public key as jwk, and that only"),
    "bound to another key": ("không do khóa của mã truy cập này ký", "is not by this access token's key"),
    "htm": ("có htm khác phương thức của yêu cầu", "has an htm that is not the request's method"),
    "htu": ("có htu khác địa chỉ của yêu cầu", "has an htu that is not the request's address"),
    "iat": ("quá cũ hoặc ở tương lai (xem lại đồng hồ)", "is too old or from the future (check the clock)"),
    "exp": ("nói rằng nó đã hết hạn (xem lại đồng hồ)", "says that it has expired (check the clock)"),
    "nbf": ("nói rằng nó chưa có hiệu lực (xem lại đồng hồ)", "says that it has not begun (check the clock)"),
    "ath": ("có ath khác mã băm của mã truy cập", "has an ath that is not the access token's hash"),
    "jti": (f"thiếu jti từ 1 đến {MAX_JTI} ký tự", f"lacks a jti of 1 to {MAX_JTI} characters"),
    "jti used": ("đã dùng rồi", "was used before"),
}  # fmt: skip


def _read(headers: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    # A server may join two fields with a comma, which no compact JWS has.
    if len(headers) != 1 or "," in headers[0]:
        raise refused_proof("headers")
    if len(headers[0]) > MAX_PROOF or _SHAPE.fullmatch(headers[0]) is None:
        raise refused_proof("shape")
    head, payload, _ = headers[0].split(".")
    try:
        header, claims = (
            orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, payload)
        )
    except ValueError as error:
        raise refused_proof("JSON") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise refused_proof("JSON")
    return header, claims


def _verify_signature(compact: str, header: dict[str, Any]) -> Key:
    if header.get("typ") != TYP:
        raise refused_proof("typ")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _REGISTRIES:
        raise refused_proof("alg")
    # RFC 7515 §4.1.11, RFC 7797: no extension is understood here, so none may be critical.
    if "crit" in header or "b64" in header:
        raise refused_proof("crit")
    key, fitting = _read_key(header.get("jwk"))
    if algorithm not in fitting:
        raise refused_proof("alg")
    try:
        jws.deserialize_compact(compact, key, registry=_REGISTRIES[algorithm])
    except (JoseError, ValueError, TypeError) as error:
        raise refused_proof("signature") from error
    return key


def _read_key(jwk: Any) -> tuple[Key, tuple[str, ...]]:
    """The public key, and the names of the algorithm that it fits."""
    if not isinstance(jwk, dict) or _PRIVATE & jwk.keys():
        raise refused_proof("jwk")
    public = {name: jwk[name] for name in _PUBLIC if name in jwk}
    try:
        match public.get("kty"), public.get("crv"):
            case "EC", "P-256":
                key: Key = ECKey.import_key(public)
                fitting: tuple[str, ...] = ("ES256",)
            case "RSA", _:
                # Before joserfc reads it, which only warns of a short key and knows no upper limit.
                modulus = base64.urlsafe_b64decode(public["n"] + "=" * (-len(public["n"]) % 4))
                if not MIN_RSA_BITS <= int.from_bytes(modulus).bit_length() <= MAX_RSA_BITS:
                    raise refused_proof("jwk")
                key, fitting = RSAKey.import_key(public), ("PS256",)
            case "OKP", "Ed25519":
                key, fitting = OKPKey.import_key(public), ("EdDSA", "Ed25519")
            case _:
                raise refused_proof("jwk")
        key.public_key  # noqa: B018 -- the number is decoded here, and errors show here
    except (JoseError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise refused_proof("jwk") from error
    return key, fitting


def _check_times(claims: dict[str, Any], now: float) -> None:
    iat = claims.get("iat")
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        raise refused_proof("iat")
    if not now - BEHIND_SECONDS <= iat <= now + AHEAD_SECONDS:
        raise refused_proof("iat")
    # exp and nbf mean nothing in a proof; one that says it is over, or not begun, is taken at its word.
    exp, nbf = claims.get("exp"), claims.get("nbf")
    if isinstance(exp, int | float) and exp + AHEAD_SECONDS <= now:
        raise refused_proof("exp")
    if isinstance(nbf, int | float) and nbf > now + AHEAD_SECONDS:
        raise refused_proof("nbf")


def _origin(uri: object) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and the path as it is written; None for what is no absolute URI."""
    if not isinstance(uri, str):
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or parts.username is not None:
        return None
    scheme = parts.scheme.lower()
    return scheme, parts.hostname.lower(), port or _PORTS.get(scheme), parts.path


def _normal(path: str) -> str:
    """RFC 3986 §6.2.2: needless escapes are undone. An escaped slash is no slash, so it stays what it is."""
    if "%2f" in path.lower():
        return path
    return _quoted(unquote(path, errors="surrogateescape"))


def _quoted(path: str) -> str:
    """What is not ASCII or reserved stays escaped, so two different paths never become one."""
    return quote(path, safe="/~-._", errors="surrogateescape")
