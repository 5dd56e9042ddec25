"""Seal short secrets: AES-256-GCM by a key that stays in the token (NIST SP 800-38D).

What a database holds sealed, nobody reads without the token; and what was sealed in one context (the
person whose it is) opens in no other.
"""

import ctypes
import secrets
import struct

from hsm.errors import MechanismRefused
from hsm.token.cryptoki import Cryptoki, Mechanism

_CKM_AES_GCM = 0x1087
_VERSION = b"\x01"
_IV_BYTES = 12
_TAG_BYTES = 16
MAX_SEALED = 4096  # bytes


def seal(cryptoki: Cryptoki, session: int, key: int, data: bytes, context: bytes) -> bytes:
    """Version, IV (96 random bits), ciphertext and tag."""
    if len(data) > MAX_SEALED:
        raise MechanismRefused(f"At most {MAX_SEALED} bytes are sealed.", detail=f"{len(data)} bytes")
    iv = secrets.token_bytes(_IV_BYTES)
    gcm = _Gcm(iv, context)
    return _VERSION + iv + cryptoki.encrypt(session, key, gcm.mechanism, data)


def unseal(cryptoki: Cryptoki, session: int, key: int, sealed: bytes, context: bytes) -> bytes:
    """What was sealed in this context; raises PKCS11Error when it was not, or not by this key."""
    check_sealed(sealed)
    iv, rest = sealed[1 : 1 + _IV_BYTES], sealed[1 + _IV_BYTES :]
    gcm = _Gcm(iv, context)
    return cryptoki.decrypt(session, key, gcm.mechanism, rest)


def check_sealed(sealed: bytes) -> None:
    """Raise MechanismRefused for what ``seal`` cannot have made."""
    if sealed[:1] != _VERSION or not 0 <= len(sealed) - 1 - _IV_BYTES - _TAG_BYTES <= MAX_SEALED:
        raise MechanismRefused("The sealed secret is damaged.", detail=f"{len(sealed)} bytes")


class _Gcm:
    """CK_GCM_PARAMS (PKCS#11 v2.40 errata 01), and the buffers it points into: keep it during the call."""

    def __init__(self, iv: bytes, context: bytes) -> None:
        self._iv = ctypes.create_string_buffer(iv, len(iv))
        self._aad = ctypes.create_string_buffer(context, len(context) or 1)
        self.mechanism = Mechanism(
            _CKM_AES_GCM,
            struct.pack(
                "PLLPLL",
                ctypes.addressof(self._iv), len(iv), len(iv) * 8,
                ctypes.addressof(self._aad), len(context), _TAG_BYTES * 8,
            ),
        )  # fmt: skip
