"""Encrypt to a client what was signed for it (OpenID Connect Core §10.2): sign, then encrypt, by RFC 7516.

Only these algorithms, and no compression: RSA1_5, PBES2 and zip have no place here.
"""

from collections.abc import Mapping
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from idp.errors import IdpError

KEY_ALGORITHMS = ("ECDH-ES", "ECDH-ES+A256KW", "RSA-OAEP-256")
CONTENT_ALGORITHMS = ("A256GCM", "A128GCM", "A128CBC-HS256", "A256CBC-HS512")
DEFAULT_CONTENT = "A128CBC-HS256"  # OpenID Connect Registration §2
_REGISTRY = jwe.JWERegistry(algorithms=[*KEY_ALGORITHMS, *CONTENT_ALGORITHMS])
_KINDS: dict[str, type[Key]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


def encrypt_for(
    keys: Mapping[str, Mapping[str, Any]], inner: str, *, algorithm: str, content: str, nested: bool = True
) -> str:
    """A compact JWE. ``content``: "" for the default; ``nested``: ``inner`` is a JWT.

    Raises IdpError when the client has no fitting key.
    """
    wanted = ("RSA",) if algorithm.startswith("RSA") else ("EC", "OKP")
    for kid, jwk in keys.items():
        if jwk.get("kty") not in wanted or jwk.get("alg") not in (None, algorithm):
            continue
        header = {"alg": algorithm, "enc": content or DEFAULT_CONTENT, "kid": kid}
        if nested:
            header["cty"] = "JWT"
        try:
            key: Any = _KINDS[str(jwk["kty"])].import_key(dict(jwk))
            return jwe.encrypt_compact(header, inner.encode(), key, registry=_REGISTRY)
        except (JoseError, ValueError, TypeError) as error:
            raise IdpError(detail=f"encryption to the client failed: {type(error).__name__}") from error
    raise IdpError(detail="the client has no key to encrypt to")
