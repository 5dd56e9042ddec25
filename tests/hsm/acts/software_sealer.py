"""The token's seal without a token: the same AES-256-GCM, with keys in memory, where no PKCS#11 is tried."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hsm.errors import MechanismRefused


class SoftwareSealer:
    """Opens what it sealed itself, in the same context; anything else is refused as the token refuses it."""

    def __init__(self) -> None:
        self._keys: dict[str, AESGCM] = {}
        self.opened = 0

    def seal(self, label: str, data: bytes, context: bytes) -> bytes:
        iv = secrets.token_bytes(12)
        return iv + self._key(label).encrypt(iv, data, context)

    def unseal(self, label: str, sealed: bytes, context: bytes) -> bytes:
        self.opened += 1
        try:
            return self._key(label).decrypt(sealed[:12], sealed[12:], context)
        except (InvalidTag, ValueError) as error:
            raise MechanismRefused("The seal does not open.") from error

    def _key(self, label: str) -> AESGCM:
        if label not in self._keys:
            self._keys[label] = AESGCM(AESGCM.generate_key(256))
        return self._keys[label]
