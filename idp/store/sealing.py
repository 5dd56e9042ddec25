"""Keys of the directory, in a file beside the database: what makes a dump of the database of least use.

A personal number has 10^12 values at most, and knowing a name and a year of birth leaves a few million, so
a plain hash would be undone in seconds. It is found by an HMAC and given back by AES-256-GCM, bound to its
row; whoever takes the database alone can do neither. TOTP secrets are sealed the same way.

The file's first line is the key of the index, which stays; the other lines are sealing keys, newest first.
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idp.errors import IdpError

_NONCE_BYTES, _KEY_BYTES, _ID_BYTES = 12, 32, 4


class Sealing:
    """Thread-safe. ``keys``: as the file has them."""

    def __init__(self, keys: list[bytes]) -> None:
        self._index_key = keys[0]
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys[1:]}
        self._newest = _key_id(keys[1])

    def index(self, value: str) -> str:
        """HMAC-SHA256, hex: equal values have equal indexes, and nothing else can be learnt of them."""
        return hmac.new(self._index_key, value.encode(), hashlib.sha256).hexdigest()

    def seal(self, value: str, belongs_to: str) -> str:
        """For the row ``belongs_to`` only: copied to another row it does not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, value.encode(), belongs_to.encode())
        return base64.b64encode(self._newest + nonce + sealed).decode()

    def open(self, sealed: str, belongs_to: str) -> str:
        """Raises IdpError: a key that is gone, or a row that was tampered with."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            nonce, body = raw[_ID_BYTES : _ID_BYTES + _NONCE_BYTES], raw[_ID_BYTES + _NONCE_BYTES :]
            return self._ciphers[raw[:_ID_BYTES]].decrypt(nonce, body, belongs_to.encode()).decode()
        except (ValueError, KeyError, InvalidTag) as error:
            raise IdpError(detail=f"a sealed value does not open: {type(error).__name__}") from error


def read_sealing(path: Path) -> Sealing:
    """Raises IdpError when there is no sound file: ``python -m idp migrate`` makes one."""
    try:
        keys = [base64.b64decode(line, validate=True) for line in path.read_text("ascii").split()]
    except (OSError, ValueError) as error:
        raise IdpError(detail=f"{path} cannot be read; run: python -m idp migrate") from error
    if len(keys) < 2 or any(len(key) != _KEY_BYTES for key in keys):
        raise IdpError(detail=f"{path} holds no sound keys")
    return Sealing(keys)


def ensure_directory_keys(path: Path) -> None:
    """Make the file; safe to repeat. Losing it loses every stored personal number and TOTP secret."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode() for _ in range(2)]
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"antin directory key\0" + key).digest()[:_ID_BYTES]
