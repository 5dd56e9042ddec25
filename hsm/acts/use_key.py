"""Step 6: the credential's key is used, wherever it is kept."""

from collections.abc import Iterator, Sequence

from hsm.acts.directory import KnownCredential
from hsm.algorithms import PSS_SALT
from hsm.errors import CredentialNotUsable
from hsm.token.token import KeyRef, Token, TokenKeyRef, WrappedKeyRef

# How many signatures may keep others from a session; a wrapped key is unwrapped once for so many.
AT_ONCE = 32


class TokenKeyUse:
    """Signs with a token object, or with a wrapped key that is unwrapped, used for one act and destroyed."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(
        self, known: KnownCredential, datas: Sequence[bytes], salt_length: int = PSS_SALT
    ) -> Iterator[bytes]:
        """Sign each of ``datas`` (SHA-256 digests). ``salt_length``: bytes, for PS256. Raises TokenError."""
        ref = _ref(known)
        for start in range(0, len(datas), AT_ONCE):
            some = datas[start : start + AT_ONCE]
            yield from self._token.sign_all(ref, known.algorithm, some, salt_length)


def _ref(known: KnownCredential) -> KeyRef:
    stored = known.stored
    if stored.wrapped_key and stored.kek_label:
        return WrappedKeyRef(stored.kek_label, stored.wrapped_key)
    if not stored.key_label:
        raise CredentialNotUsable("The credential's key was destroyed.")
    return TokenKeyRef(stored.key_label)
