"""The canary: a key whose signature proves that the token is well.

A token that went away answers "no such object", exactly as one that never had the key (SoftHSM without
its directory; an HSM whose partition is gone). So before anybody is told that a key does not exist, the
canary must be found by a fresh search, sign, and verify.
"""

import secrets
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11 import ObjectClass
from pkcs11.exceptions import PKCS11Error

from hsm.algorithms import SignatureAlgorithm
from hsm.token import keys, signing
from hsm.token.generation import Generation

CANARY = "antin-canary"


def canary_signs(generation: Generation) -> bool:
    """Whether the canary is found, signs, and its signature verifies.

    Raises TokenUnavailable if no session is free: that says nothing about the token.
    """
    try:
        with generation.pool.checkout() as session:
            public = keys.spki_of(keys.find(session, CANARY, ObjectClass.PUBLIC_KEY))
            handle = keys.find(session, CANARY, ObjectClass.PRIVATE_KEY).handle
            return _signs(generation, session, handle, public)
    except PKCS11Error:
        return False


def _signs(generation: Generation, session: Any, handle: int, public: bytes) -> bool:
    digest = secrets.token_bytes(32)
    value = signing.sign(generation.cryptoki, session.handle, handle, SignatureAlgorithm.ES256, digest)
    key = load_der_public_key(public)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(value, digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True
