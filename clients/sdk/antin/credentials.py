"""The credentials a client may use, and their public keys."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from antin.connection import Connection
from antin.errors import ConfigError, NetworkError, ProofRefused


@dataclass(frozen=True, slots=True)
class Credential:
    """``certificates``: DER, the signer's first. ``not_before`` and ``not_after`` are Unix seconds."""

    credential_id: str
    purpose: str
    state: str
    algorithm: str
    description: str
    certificates: tuple[bytes, ...] = field(repr=False)
    not_before: int
    not_after: int
    training: bool

    def check_signature(self, value: bytes, digest: bytes) -> None:
        """Verify a signature value over a SHA-256 digest. Raises ProofRefused."""
        try:
            public = x509.load_der_x509_certificate(self.certificates[0]).public_key()
            if self.algorithm == "ES256" and isinstance(public, ec.EllipticCurvePublicKey):
                public.verify(value, digest, ec.ECDSA(Prehashed(SHA256())))
                return
            if self.algorithm == "PS256" and isinstance(public, rsa.RSAPublicKey):
                pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
                public.verify(value, digest, pss, Prehashed(SHA256()))
                return
            if self.algorithm == "RS256" and isinstance(public, rsa.RSAPublicKey):
                public.verify(value, digest, padding.PKCS1v15(), Prehashed(SHA256()))
                return
        except (InvalidSignature, ValueError, IndexError) as error:
            raise _does_not_verify() from error
        raise _does_not_verify()


def list_credentials(connection: Connection) -> list[Credential]:
    """The credentials this client may use."""
    members = connection.members("GET", "/v1/credentials")
    try:
        return [_credential(member) for member in members["credentials"]]
    except (KeyError, ValueError, TypeError, binascii.Error) as error:
        raise NetworkError(
            "Danh sách chứng thư thiếu trường.", "The list of credentials lacks members."
        ) from error


def get_credential(connection: Connection, credential_id: str) -> Credential:
    """One credential. Raises ConfigError when this client may not use it."""
    for credential in list_credentials(connection):
        if credential.credential_id == credential_id:
            return credential
    raise ConfigError(
        f"Không dùng được chứng thư {credential_id}. Xem danh sách: antin credentials",
        f"The credential {credential_id} is not this client's to use. See: antin credentials",
    )


def _credential(member: dict[str, Any]) -> Credential:
    return Credential(
        credential_id=str(member["credential_id"]),
        purpose=str(member.get("purpose", "")),
        state=str(member["state"]),
        algorithm=str(member["algorithm"]),
        description=str(member.get("description", "")),
        certificates=tuple(base64.b64decode(der, validate=True) for der in member["certificates"]),
        not_before=int(member["not_before"]),
        not_after=int(member["not_after"]),
        training=bool(member.get("training", False)),
    )


def _does_not_verify() -> ProofRefused:
    return ProofRefused(
        "Chữ ký trả về không đúng với chứng thư; không dùng.",
        "The returned signature does not verify with the credential's certificate; do not use it.",
    )
