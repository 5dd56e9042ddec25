"""Replacing a KEK: new keys go under the new one at once, old ones follow, certificates stay.

Who does what: a ceremony makes the new KEK in the vault and carries it here (``hsm.token.vault``). The
act ``rotate_kek`` makes it current. The ceremony wraps each key anew in the vault and lays the blob beside
the old one; the key process tries it, and only then puts it in its place. So signing goes on, whoever
dies goes on where they were, and a blob that does not sign replaces nothing.
"""

import secrets
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import Connection

from hsm import keks
from hsm.acts.credential_life import text
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.verify_signature import verify_signature
from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.database import Database
from hsm.errors import ActMalformed, KeyNotFound
from hsm.token.token import KeyRef, Token, WrappedKeyRef
from policies.model import ActionName, StoreFacts


class Keks:
    """The operations ``rotate_kek`` {from, to} and ``destroy_kek`` {kek}."""

    def __init__(self, database: Database, token: Token) -> None:
        self._database = database
        self._token = token

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.ROTATE_KEK: Operation(self._facts_of("from"), self._rotate),
            ActionName.DESTROY_KEK: Operation(
                self._facts_of("kek"), self._destroy, tidy=self._destroy_object
            ),
        }

    def current(self) -> str:
        """The label of the KEK for new keys."""
        with self._database.reading() as connection:
            return keks.current_kek(connection)

    def destroy_leftovers(self) -> None:
        """Destroy the object of a KEK whose destruction was written but, for a crash, not done."""
        with self._database.reading() as connection:
            gone = keks.destroyed_keks(connection)
        for label in gone & set(self._token.labels()):
            self._token.destroy_kek(label)

    def _facts_of(self, name: str) -> Any:
        def facts(parameters: dict[str, Any]) -> StoreFacts:
            label = text(parameters, name, 100)
            with self._database.reading() as connection:
                kek = keks.find_kek(connection, label)
            if kek is None:
                raise ActMalformed(f"There is no KEK called {label}.")
            return StoreFacts(label, kek.state, kek.wrapped)

        return facts

    def _rotate(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        old, new = text(parameters, "from", 100), text(parameters, "to", 100)
        with self._database.reading() as connection:
            if keks.find_kek(connection, new) is not None:
                raise ActMalformed(f"{new} was used before: a KEK is never used again.")
        try:
            check_kek(self._token, new)
        except KeyNotFound as error:
            raise ActMalformed(
                f"The token has no {new}: a ceremony makes it (python -m hsm rotate-kek)."
            ) from error
        moment = int(now.timestamp())

        def change(connection: Connection) -> None:
            if not keks.retire_kek(connection, old, new, moment):
                raise ActMalformed(f"{old} is not the current KEK any more.")
            keks.add_kek(connection, new, moment)

        return {"from": old, "to": new}, change

    def _destroy(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        label = text(parameters, "kek", 100)

        def change(connection: Connection) -> None:
            # Counted once more where nothing can come in between: every row is written by this thread.
            if keks.count_wrapped(connection, label) or not keks.destroy_kek(connection, label):
                raise ActMalformed("Keys are still wrapped under this KEK, or it is not retired.")

        return {"kek": label, "state": "destroyed"}, change

    def _destroy_object(self, result: Result) -> None:
        self._token.destroy_kek(result["kek"])


def check_kek(token: Token, label: str) -> None:
    """Wrap a new key under this KEK, unwrap it, sign with it. Raises KeyNotFound, TokenError."""
    made = token.generate_wrapped_key(label, KeyKind.P256)
    check_key(token, WrappedKeyRef(label, made.blob), SignatureAlgorithm.ES256, made.spki)


def check_key(token: Token, ref: KeyRef, algorithm: SignatureAlgorithm, spki: bytes) -> None:
    """Raise TokenError unless this is the private key of ``spki``.

    It signs 32 random bytes; the signature is verified and forgotten, it leaves nowhere.
    """
    digest = secrets.token_bytes(32)
    verify_signature(load_der_public_key(spki), algorithm, token.sign(ref, algorithm, digest), digest)
