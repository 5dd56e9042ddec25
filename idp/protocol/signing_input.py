"""Make a compact JWS whose key is elsewhere (RFC 7515 §5.1): joserfc signs only with keys in memory."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson


def encode_header(header: Mapping[str, str]) -> bytes:
    """BASE64URL(UTF8(JWS Protected Header)): made once for each key."""
    return _encode(orjson.dumps(dict(header)))


def signing_input(encoded_header: bytes, claims: Mapping[str, Any]) -> bytes:
    """What the key signs: ``header.payload``."""
    return encoded_header + b"." + _encode(orjson.dumps(dict(claims)))


def assemble(signed_input: bytes, signature: bytes) -> str:
    """The compact JWS. ``signature``: the JWS octets (r||s for ES256, RFC 7518 §3.4)."""
    return (signed_input + b"." + _encode(signature)).decode()


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
