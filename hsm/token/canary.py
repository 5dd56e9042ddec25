"""The canary: a key whose signature proves that the token is well.

A token that went away answers "no such object", exactly as one that never had the key (SoftHSM without
its directory; an HSM whose partition is gone). So before anybody is told that a key does not exist, the
canary must be found by a fresh search, sign, and verify.
"""

import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11 import ObjectClass
from pkcs11.exceptions import PKCS11Error

from hsm.algorithms import SignatureAlgorithm
from hsm.token import keys, signing
from hsm.token.cryptoki import Cryptoki
from hsm.token.generation import Generation

CANARY = "antin-canary"


def canary_signs(generation: Generation) -> bool:
    """Whether the canary is found, signs, and its signature verifies.

    Raises TokenUnavailable if no session is free: that says nothing about the token.
    """
    cryptoki = generation.cryptoki
    try:
        with generation.pool.checkout() as session:
            public = keys.find(cryptoki, session.handle, CANARY, ObjectClass.PUBLIC_KEY)
            private = keys.find(cryptoki, session.handle, CANARY, ObjectClass.PRIVATE_KEY)
            spki = keys.spki_of(cryptoki, session.handle, public)
            return _signs(cryptoki, session.handle, private, spki)
    except PKCS11Error:
        return False


def _signs(cryptoki: Cryptoki, session: int, private: int, spki: bytes) -> bool:
    digest = secrets.token_bytes(32)
    value = signing.sign(cryptoki, session, private, SignatureAlgorithm.ES256, digest)
    key = load_der_public_key(spki)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(value, digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True
