"""A passkey in a file: a software authenticator for development, tests and training.

It answers as a browser and an authenticator do together (WebAuthn Level 3, attestation "none"), but
whoever reads its file has it. So it names itself by a fixed AAGUID, and a key process refuses that one
except for training credentials, where training is accepted at all.
"""

import base64
import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from antin.errors import ConfigError, FileError, OutputExists

AAGUID = b"antin-mau-soft-1"
NOTE = "MẪU: chỉ để thử và tập huấn / for development and training only"
_USER_PRESENT, _USER_VERIFIED, _BACKUP_ELIGIBLE, _BACKED_UP, _ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
_PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Algorithm = Literal["ES256", "EdDSA", "RS256"]


@dataclass(slots=True)
class SoftwarePasskey:
    """One passkey for one relying party. ``counter`` None: an authenticator without a counter.

    ``user_present``, ``user_verified``, ``synced`` are what it will claim; ``origin`` is the page on
    which it believes to be.
    """

    rp_id: str
    origin: str
    key: _PrivateKey = field(repr=False)
    credential_id: bytes
    counter: int | None = None
    user_present: bool = True
    user_verified: bool = True
    synced: bool = False
    aaguid: bytes = AAGUID

    @classmethod
    def new(
        cls, rp_id: str, origin: str, *, algorithm: Algorithm = "ES256", counter: int | None = None
    ) -> "SoftwarePasskey":
        """Make one. It is nobody's until a key process enrols it."""
        key: _PrivateKey
        if algorithm == "EdDSA":
            key = ed25519.Ed25519PrivateKey.generate()
        elif algorithm == "RS256":
            key = rsa.generate_private_key(65537, 2048)
        else:
            key = ec.generate_private_key(ec.SECP256R1())
        return cls(rp_id, origin, key, secrets.token_bytes(32), counter)

    def register(self, invitation: bytes) -> dict[str, Any]:
        """RegistrationResponseJSON: the answer to an invitation, whose SHA-256 is the challenge."""
        client_data = self._client_data("webauthn.create", hashlib.sha256(invitation).digest())
        attested = (
            self.aaguid + len(self.credential_id).to_bytes(2) + self.credential_id + _cbor(self._cose_key())
        )
        attestation = _cbor(
            {"fmt": "none", "attStmt": {}, "authData": self._authenticator_data(_ATTESTED) + attested}
        )
        return self._answer(
            {
                "clientDataJSON": _b64url(client_data),
                "attestationObject": _b64url(attestation),
                "transports": ["internal"],
            }
        )

    def sign_challenge(self, challenge: bytes) -> dict[str, Any]:
        """AuthenticationResponseJSON for this challenge; the counter, if there is one, grows."""
        if self.counter is not None:
            self.counter += 1
        client_data = self._client_data("webauthn.get", challenge)
        authenticator_data = self._authenticator_data(0)
        signature = self._sign(authenticator_data + hashlib.sha256(client_data).digest())
        return self._answer(
            {
                "clientDataJSON": _b64url(client_data),
                "authenticatorData": _b64url(authenticator_data),
                "signature": _b64url(signature),
            }
        )

    def approve(self, act: bytes) -> dict[str, str]:
        """The approval of exactly this act, as the wire carries it."""
        response = self.sign_challenge(hashlib.sha256(act).digest())
        return {"kind": "passkey", "evidence": json.dumps(response)}

    def _client_data(self, kind: str, challenge: bytes) -> bytes:
        members = {
            "type": kind, "challenge": _b64url(challenge), "origin": self.origin, "crossOrigin": False,
        }  # fmt: skip
        return json.dumps(members).encode()

    def _authenticator_data(self, more: int) -> bytes:
        flags = more
        flags |= _USER_PRESENT if self.user_present else 0
        flags |= _USER_VERIFIED if self.user_verified else 0
        flags |= _BACKUP_ELIGIBLE | _BACKED_UP if self.synced else 0
        counter = (self.counter or 0).to_bytes(4)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + counter

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        name = _b64url(self.credential_id)
        return {
            "id": name, "rawId": name, "type": "public-key", "response": response,
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        }  # fmt: skip

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(data)

    def _cose_key(self) -> dict[Any, Any]:
        """COSE_Key (RFC 9053): labels 1 kty, 3 alg, then by key type."""
        public = self.key.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            numbers = public.public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        if isinstance(public, rsa.RSAPublicKey):
            rsa_numbers = public.public_numbers()
            return {1: 3, 3: -257, -1: rsa_numbers.n.to_bytes(256), -2: rsa_numbers.e.to_bytes(3)}
        return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}


def write_software_passkey(passkey: SoftwarePasskey, path: str | os.PathLike[str]) -> None:
    """Write a new file, readable by its owner alone. Never replaces one: raises OutputExists, FileError."""
    pem = passkey.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    members = {
        "note": NOTE,
        "rp_id": passkey.rp_id,
        "origin": passkey.origin,
        "credential_id": passkey.credential_id.hex(),
        "private_key": pem,
    }
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise OutputExists(
            f"{path} đã có; khóa không bao giờ bị ghi đè. Chọn tên khác.",
            f"{path} exists; a key is never overwritten. Choose another name.",
        ) from error
    except OSError as error:
        raise FileError(
            f"Không ghi được {path}: {error.strerror}.", f"Cannot write {path}: {error.strerror}."
        ) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(members, file, indent=2, ensure_ascii=False)
        file.write("\n")


def read_software_passkey(path: str | os.PathLike[str]) -> SoftwarePasskey:
    """Read what ``write_software_passkey`` wrote; it has no counter. Raises ConfigError."""
    try:
        members = json.loads(Path(path).read_text(encoding="utf-8"))
        key = load_pem_private_key(members["private_key"].encode(), password=None)
        if not isinstance(key, _PrivateKey):
            raise TypeError(type(key).__name__)
        return SoftwarePasskey(
            members["rp_id"], members["origin"], key, bytes.fromhex(members["credential_id"])
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        # Only the error's kind goes on: its text may quote the file.
        raise ConfigError(
            f"{path} không phải khóa truy cập phần mềm dùng được. Tạo: antin passkey new {path}",
            f"{path} is not a usable software passkey. To make one: antin passkey new {path}",
            detail=type(error).__name__,
        ) from None


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _cbor(value: object) -> bytes:
    """RFC 8949, for what a registration holds: integers, texts, octets, and maps of them."""
    match value:
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case dict():
            members = b"".join(_cbor(name) + _cbor(member) for name, member in value.items())
            return _head(5, len(value)) + members
        case _:
            raise TypeError(type(value).__name__)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    if number < 256:
        return bytes([major << 5 | 24, number])
    return bytes([major << 5 | 25]) + number.to_bytes(2)
