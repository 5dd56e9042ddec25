"""Ed25519 verification (RFC 8032 §5.1.7) with the standard library alone, so that an auditor can read it.

Verification handles public data only, so it need not run in constant time. It cannot sign.
"""

import hashlib

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

# A point (x, y) as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 §5.1.4).
_Point = tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


class SignatureInvalid(ValueError):
    """The signature is not by this key over this message, or the key is not a usable one."""


def check_signature(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Raises SignatureInvalid unless the 64-byte signature is the key's over the message.

    Stricter than RFC 8032 where it leaves room: S must be below the group's order (or a signature
    could be altered into another valid one), points have one encoding, and a key of small order,
    under which one signature fits many messages, is refused.
    """
    if len(public_key) != 32 or len(signature) != 64:
        raise SignatureInvalid("the key must be 32 bytes long, the signature 64")
    key = _decode_point(public_key)
    if _same(_times(8, key), _NEUTRAL):
        raise SignatureInvalid("the public key is of small order")
    first, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= _L:
        raise SignatureInvalid("S is not below the order of the group")
    k = int.from_bytes(hashlib.sha512(first + public_key + message).digest(), "little") % _L
    # [S]B = R + [k]A, as R = [S]B - [k]A, compared in R's encoding.
    x, y, z, t = key
    expected = _add(_times(s, _BASE), _times(k, (-x % _P, y, z, -t % _P)))
    if _encode_point(expected) != first:
        raise SignatureInvalid("the signature does not fit the message")


def _add(a: _Point, b: _Point) -> _Point:
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % _P
    f = (y1 + x1) * (y2 + x2) % _P
    g = 2 * t1 * t2 * _D % _P
    h = 2 * z1 * z2 % _P
    p, q, r, s = f - e, h - g, h + g, f + e
    return (p * q % _P, r * s % _P, q * r % _P, p * s % _P)


def _times(scalar: int, point: _Point) -> _Point:
    result = _NEUTRAL
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _same(a: _Point, b: _Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % _P == 0 and (a[1] * b[2] - b[1] * a[2]) % _P == 0


def _encode_point(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    x, y = x * inverse % _P, y * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode_point(encoded: bytes) -> _Point:
    """RFC 8032 §5.1.3. Raises SignatureInvalid for what is no point, or another spelling of one."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        raise SignatureInvalid("the public key is not canonically encoded")
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _SQRT_MINUS_ONE % _P
    if (x * x - square) % _P:
        raise SignatureInvalid("the public key is not a point of the curve")
    if x == 0 and sign:
        raise SignatureInvalid("the public key is not canonically encoded")
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


_BASE = _decode_point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
