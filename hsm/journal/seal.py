"""The journal's own key: Ed25519 in the token, with which checkpoints are signed (C2SP signed-note)."""

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from hsm.algorithms import SignatureAlgorithm
from hsm.errors import KeyNotFound
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.token.token import Token, TokenKeyRef

JOURNAL_KEY_LABEL = "journal"


class JournalKey:
    """Signs checkpoints of one log. ``origin`` is the log's name, ever the same."""

    def __init__(self, token: Token, origin: str) -> None:
        self._token = token
        self._origin = origin
        spki = token.find_public_key(JOURNAL_KEY_LABEL)
        if spki is None:
            raise KeyNotFound("The token has no journal key: run the ceremony first.")
        self._public = load_der_public_key(spki).public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.verifier_key = verifier_key(origin, self._public)

    def seal(self, size: int, root: bytes) -> str:
        """A signed checkpoint. Raises TokenError."""
        body = checkpoint_body(self._origin, size, root)
        signature = self._token.sign(TokenKeyRef(JOURNAL_KEY_LABEL), SignatureAlgorithm.EDDSA, body.encode())
        return format_note(body, self._origin, self._public, signature)
