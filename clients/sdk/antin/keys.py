"""The client system's own key: it logs the client in, and approves acts.

A key file is a private JWK (RFC 7517) or an unencrypted PKCS#8 PEM. ES256 (P-256), PS256 (RSA of
2048 bits or more) and EdDSA (Ed25519).
"""

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from antin.errors import ConfigError, FileError, OutputExists

APPROVAL_TYPE = "antin-act+jws"
ALGORITHMS = ("ES256", "PS256", "EdDSA")
MIN_RSA_BITS = 2048
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class _Registry(JWSRegistry):
    """joserfc's, but for acts of up to 12 MiB, and without its warning that RFC 9864 renames EdDSA."""

    max_payload_length = 12 * 1024 * 1024

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]


class Approver(Protocol):
    """Approves an act: the client's own key, or a person's passkey."""

    def approve(self, act: bytes) -> dict[str, str]:
        """The approval of exactly these bytes, as the wire carries it: kind and evidence."""
        ...


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A private key with its algorithm and key id. Never shows the key in ``repr``."""

    key: ECKey | RSAKey | OKPKey = field(repr=False)
    algorithm: str
    key_id: str

    def sign(self, payload: bytes, token_type: str) -> str:
        """A compact JWS over exactly these bytes, with ``typ`` in its header (RFC 7515)."""
        header = {"alg": self.algorithm, "kid": self.key_id, "typ": token_type}
        registry = _Registry(algorithms=[self.algorithm])
        return jws.serialize_compact(header, payload, self.key, registry=registry)

    def approve(self, act: bytes) -> dict[str, str]:
        """The approval of exactly this act, as the wire carries it."""
        return {"kind": "client_jws", "evidence": self.sign(act, APPROVAL_TYPE)}

    def public_jwk(self) -> dict[str, Any]:
        """What to register with the identity provider and the key process."""
        public = dict(self.key.as_dict(private=False))
        return public | {"kid": self.key_id, "alg": self.algorithm, "use": "sig"}

    def private_jwk(self) -> dict[str, Any]:
        """The key itself: for the key file only."""
        return dict(self.key.as_dict(private=True)) | {
            "kid": self.key_id,
            "alg": self.algorithm,
            "use": "sig",
        }


def new_key(algorithm: str = "ES256", key_id: str = "") -> ClientKey:
    """Make a key. Its id is the JWK thumbprint (RFC 7638) unless given."""
    if algorithm == "ES256":
        return _client_key(ECKey.generate_key("P-256", private=True), key_id)
    if algorithm == "PS256":
        return _client_key(RSAKey.generate_key(3072, private=True), key_id)
    if algorithm == "EdDSA":
        return _client_key(OKPKey.generate_key("Ed25519", private=True), key_id)
    raise ConfigError(
        f"Không có thuật toán {algorithm}: chọn ES256, PS256 hoặc EdDSA.",
        f"There is no algorithm {algorithm}: choose ES256, PS256 or EdDSA.",
    )


def load_key(path: str | os.PathLike[str], key_id: str = "") -> ClientKey:
    """Read a key file. Raises ConfigError when it is not a private key of a kind above."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"Không đọc được tệp khóa {path}: {error.strerror}. Tạo khóa: antin keys new {path}",
            f"Cannot read the key file {path}: {error.strerror}. To make a key: antin keys new {path}",
        ) from error
    try:
        return read_key(data, key_id)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.vi}", f"{path}: {error.en}", detail=error.detail) from error


def read_key(data: bytes, key_id: str = "") -> ClientKey:
    """Read a key from the bytes of a JWK or a PEM. ``key_id`` goes before the JWK's own ``kid``."""
    try:
        if data.lstrip().startswith(b"{"):
            jwk = json.loads(data)
            kinds: dict[Any, type[ECKey] | type[RSAKey] | type[OKPKey]] = {
                "EC": ECKey,
                "RSA": RSAKey,
                "OKP": OKPKey,
            }
            kind = kinds[jwk.get("kty")]
            named = jwk.get("kid")
            return _client_key(kind.import_key(jwk), key_id or (named if isinstance(named, str) else ""))
        private = load_pem_private_key(data, password=None)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return _client_key(ECKey.import_key(data), key_id)
        if isinstance(private, rsa.RSAPrivateKey):
            return _client_key(RSAKey.import_key(data), key_id)
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return _client_key(OKPKey.import_key(data), key_id)
    except (ValueError, TypeError, KeyError, JoseError) as error:
        # The library's text may quote the file, so only its kind goes on.
        raise _not_a_key(type(error).__name__) from error
    raise _not_a_key(type(private).__name__)


def write_key(key: ClientKey, path: str | os.PathLike[str]) -> None:
    """Write a new key file, readable by its owner alone. Never replaces one: raises OutputExists."""
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
        json.dump(key.private_jwk(), file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def find_readers(path: str | os.PathLike[str]) -> bool:
    """Whether others than the owner may touch the key file."""
    return os.name == "posix" and bool(Path(path).stat().st_mode & _OTHERS)


def _client_key(key: ECKey | RSAKey | OKPKey, key_id: str) -> ClientKey:
    if not key.is_private:
        raise _not_a_key("public key")
    public = key.as_dict(private=False)
    if isinstance(key, ECKey) and public.get("crv") == "P-256":
        algorithm = "ES256"
    elif isinstance(key, RSAKey) and key.raw_value.key_size >= MIN_RSA_BITS:
        algorithm = "PS256"
    elif isinstance(key, OKPKey) and public.get("crv") == "Ed25519":
        algorithm = "EdDSA"
    else:
        raise _not_a_key(f"{public.get('kty')} {public.get('crv', '')}")
    return ClientKey(key, algorithm, key_id or key.thumbprint())


def _not_a_key(detail: str) -> ConfigError:
    return ConfigError(
        "Không phải khóa riêng dùng được: cần JWK hoặc PEM không mật khẩu, P-256, RSA từ 2048 bit, Ed25519.",
        "Not a usable private key: a JWK or a PEM without password, P-256, RSA of 2048 bits up, or Ed25519.",
        detail=detail,
    )
