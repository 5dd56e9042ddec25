"""What each signature algorithm asks of C_Sign, and what becomes of the answer."""

import struct
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import KeyType

from hsm.algorithms import PSS_SALT, SignatureAlgorithm
from hsm.errors import MechanismRefused, TokenUnavailable
from hsm.token.cryptoki import Cryptoki, Mechanism

# PKCS#11 v2.40 §2.1: the hash is made outside, so any token will do
_CKM_RSA_PKCS, _CKM_RSA_PKCS_PSS, _CKM_ECDSA, _CKM_EDDSA = 0x01, 0x0D, 0x1041, 0x1057


@cache
def _pss(salt_length: int) -> Mechanism:
    """CKM_SHA256, CKG_MGF1_SHA256, the salt's bytes."""
    return Mechanism(_CKM_RSA_PKCS_PSS, struct.pack("LLL", 0x250, 0x2, salt_length))


_DIGEST_INFO_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017 §9.2, note 1


@dataclass(frozen=True)
class _Way:
    key_type: KeyType
    mechanism: Mechanism
    digest: bool  # C_Sign gets a SHA-256 digest; else the message itself
    prefix: bytes = b""


_WAYS = {
    SignatureAlgorithm.ES256: _Way(KeyType.EC, Mechanism(_CKM_ECDSA), digest=True),
    SignatureAlgorithm.PS256: _Way(KeyType.RSA, _pss(PSS_SALT), digest=True),
    SignatureAlgorithm.RS256: _Way(
        KeyType.RSA, Mechanism(_CKM_RSA_PKCS), digest=True, prefix=_DIGEST_INFO_SHA256
    ),
    SignatureAlgorithm.EDDSA: _Way(KeyType.EC_EDWARDS, Mechanism(_CKM_EDDSA), digest=False),
}


def key_type_of(algorithm: SignatureAlgorithm) -> KeyType:
    """The type of key that signs so."""
    return _WAYS[algorithm].key_type


def check_input(algorithm: SignatureAlgorithm, data: bytes) -> None:
    """Raise MechanismRefused unless ``data`` is what ``algorithm`` signs."""
    if _WAYS[algorithm].digest and len(data) != 32:
        raise MechanismRefused(f"{algorithm} signs a SHA-256 digest of 32 bytes, not {len(data)} bytes.")


def sign(
    cryptoki: Cryptoki,
    session: int,
    key: int,
    algorithm: SignatureAlgorithm,
    data: bytes,
    salt_length: int = PSS_SALT,
) -> bytes:
    """The signature as CMS and JOSE libraries know it: for ES256 DER ``SEQUENCE {r, s}``, else raw.

    ``data``: the SHA-256 digest for ES256, PS256 and RS256; the whole message for EdDSA.
    """
    way = _WAYS[algorithm]
    mechanism = _pss(salt_length) if algorithm is SignatureAlgorithm.PS256 else way.mechanism
    value = cryptoki.sign(session, key, mechanism, way.prefix + data)
    if way.key_type is not KeyType.EC:
        return value
    if len(value) != 64:
        raise TokenUnavailable("The token answers nonsense.", detail=f"ECDSA value of {len(value)} bytes")
    return encode_dss_signature(int.from_bytes(value[:32]), int.from_bytes(value[32:]))
