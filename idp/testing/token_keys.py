"""Token keys in memory, for tests alone: they are gone with the process, and nobody journals their use."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, RSAKey

from hsm.client import ActRefused, TokenKey

_COORDINATE_BYTES = 32


class KeysInMemory:
    """An ``idp.token_keys.TokenSigner`` with one ES256 and one RS256 key. Thread-safe: nothing changes."""

    def __init__(self) -> None:
        self._ec = ec.generate_private_key(ec.SECP256R1())
        self._rsa = rsa.generate_private_key(65537, 2048)
        keys: tuple[tuple[str, str, ECKey | RSAKey], ...] = (
            ("mau-es256", "ES256", ECKey.import_key(self._ec)),
            ("mau-rs256", "RS256", RSAKey.import_key(self._rsa)),
        )
        self._listed = [
            TokenKey(kid, alg, dict(key.as_dict(private=False)), current=True) for kid, alg, key in keys
        ]

    def token_keys(self) -> list[TokenKey]:
        return list(self._listed)

    def sign_token(self, kid: str, signing_input: bytes) -> bytes:
        """The JWS signature (RFC 7518 §3.3, §3.4: r and s, not DER). Raises ActRefused for another kid."""
        if kid == "mau-rs256":
            return self._rsa.sign(signing_input, padding.PKCS1v15(), hashes.SHA256())
        if kid == "mau-es256":
            der = self._ec.sign(signing_input, ec.ECDSA(hashes.SHA256()))
            return b"".join(part.to_bytes(_COORDINATE_BYTES, "big") for part in decode_dss_signature(der))
        raise ActRefused("there is no such token key")

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""
