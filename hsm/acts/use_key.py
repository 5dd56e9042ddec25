"""Step 6: the credential's key is used, wherever it is kept."""

from hsm.acts.directory import KnownCredential
from hsm.errors import CredentialNotUsable
from hsm.token.token import Token, TokenKeyRef, WrappedKeyRef


class TokenKeyUse:
    """Signs with a token object, or with a wrapped key that is unwrapped, used and destroyed."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, known: KnownCredential, data: bytes) -> bytes:
        """Sign ``data`` (a SHA-256 digest). Raises TokenError."""
        stored = known.stored
        if stored.wrapped_key and stored.kek_label:
            return self._token.sign(
                WrappedKeyRef(stored.kek_label, stored.wrapped_key), known.algorithm, data
            )
        if not stored.key_label:
            raise CredentialNotUsable("The credential's key was destroyed.")
        return self._token.sign(TokenKeyRef(stored.key_label), known.algorithm, data)
