"""The signature algorithms a credential may have, named as JOSE names them (RFC 7518, RFC 8037).

The same four names stand in acts, policies, key profiles and the store; CMS and CSC object
identifiers are derived from them where those wires need them.
"""

from enum import StrEnum


class SignatureAlgorithm(StrEnum):
    """How a key signs.

    ES256: ECDSA on P-256 over a SHA-256 digest; the value is DER ``SEQUENCE {r, s}`` (RFC 3279).
    PS256: RSASSA-PSS, SHA-256, MGF1 with SHA-256, salt of 32 bytes (RFC 8017 §8.1).
    RS256: RSASSA-PKCS1-v1_5 with SHA-256: a named compatibility mode for old verifiers
    (Circular 15/2025/TT-BKHCN, Annex I names PSS and ECDSA only).
    EDDSA: Ed25519 over the whole message (RFC 8032): the journal's key, never a document's.
    """

    ES256 = "ES256"
    PS256 = "PS256"
    RS256 = "RS256"
    EDDSA = "EdDSA"


class KeyKind(StrEnum):
    """What key pair is made in the token."""

    P256 = "P-256"
    RSA3072 = "RSA-3072"
    RSA2048 = "RSA-2048"  # only to measure against: no key profile offers it
    ED25519 = "Ed25519"


# Bytes of RSASSA-PSS salt when nothing else is asked for: as long as the hash (RFC 8017 §9.1).
PSS_SALT = 32
