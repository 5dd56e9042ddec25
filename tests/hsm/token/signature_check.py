"""Checks a signature with OpenSSL (through cryptography): a judge that is not the token."""

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.algorithms import SignatureAlgorithm


def check_signature(spki: bytes, algorithm: SignatureAlgorithm, data: bytes, value: bytes) -> None:
    """Raise InvalidSignature unless ``value`` signs ``data`` (a digest, or for EdDSA the message)."""
    key = load_der_public_key(spki)
    if isinstance(key, ec.EllipticCurvePublicKey):
        assert algorithm is SignatureAlgorithm.ES256
        key.verify(value, data, ec.ECDSA(Prehashed(SHA256())))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(value, data)
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        pss = padding.PSS(padding.MGF1(SHA256()), salt_length=32)
        way = pss if algorithm is SignatureAlgorithm.PS256 else padding.PKCS1v15()
        key.verify(value, data, way, Prehashed(SHA256()))
