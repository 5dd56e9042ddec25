"""Step 6: the credential's key is used, wherever it is kept."""

from hsm.acts.directory import KnownCredential
from hsm.algorithms import PSS_SALT
from hsm.errors import CredentialNotUsable
from hsm.token.token import Token, TokenKeyRef, WrappedKeyRef


class TokenKeyUse:
    """Signs with a token object, or with a wrapped key that is unwrapped, used and destroyed."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, known: KnownCredential, data: bytes, salt_length: int = PSS_SALT) -> bytes:
        """Sign ``data`` (a SHA-256 digest). ``salt_length``: bytes, for PS256. Raises TokenError."""
        stored = known.stored
        if stored.wrapped_key and stored.kek_label:
            wrapped = WrappedKeyRef(stored.kek_label, stored.wrapped_key)
            return self._token.sign(wrapped, known.algorithm, data, salt_length)
        if not stored.key_label:
            raise CredentialNotUsable("The credential's key was destroyed.")
        return self._token.sign(TokenKeyRef(stored.key_label), known.algorithm, data, salt_length)
