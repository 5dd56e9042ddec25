"""Putting keys that were wrapped anew in the place of the old blobs, each tried first."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from hsm import keks
from hsm.acts import entries
from hsm.acts.canonical import canonical
from hsm.acts.ledger import Ledger
from hsm.acts.rotate_kek import check_key
from hsm.algorithms import SignatureAlgorithm
from hsm.database import Database
from hsm.errors import MechanismRefused, TokenUnavailable
from hsm.keks import Rewrapped
from hsm.metrics import KEYS_REWRAPPED
from hsm.token.token import Token, WrappedKeyRef

BATCH = 200
log = structlog.get_logger("hsm")


class Adoption:
    """``adopt()`` is called again and again by a task of the key process."""

    def __init__(self, database: Database, ledger: Ledger, token: Token) -> None:
        self._database = database
        self._ledger = ledger
        self._token = token

    def adopt(self) -> int:
        """Adopt what the ceremony laid down; how many keys. Raises HsmError: then the rest waits."""
        adopted = 0
        while batch := self._next():
            adopted += self._adopt_batch(batch)
        return adopted

    def _next(self) -> list[Rewrapped]:
        with self._database.reading() as connection:
            return keks.find_rewrapped(connection, BATCH)

    def _adopt_batch(self, batch: Sequence[Rewrapped]) -> int:
        moment = int(datetime.now(UTC).timestamp())
        intent = entries.rewrap_intent(
            now=moment, kek=batch[0].kek_label, credentials=[one.credential_id for one in batch]
        )
        leaf = self._ledger.enter([intent]).first_index
        good = [one for one in batch if self._signs(one)]
        digests = {one.credential_id: hashlib.sha256(one.wrapped_key).hexdigest() for one in good}

        def change(connection: Connection) -> None:
            keks.adopt_rewrapped(connection, good)
            keks.drop_rewrapped(connection, batch)

        outcome = entries.succeeded(now=moment, signatures=[(leaf, canonical(digests))])
        self._ledger.enter(outcome, change=change)
        KEYS_REWRAPPED.labels("adopted").inc(len(good))
        KEYS_REWRAPPED.labels("refused").inc(len(batch) - len(good))
        return len(good)

    def _signs(self, one: Rewrapped) -> bool:
        if not one.is_current or hashlib.sha256(one.replaced_key).digest() != one.replaces:
            return False  # laid down for another KEK, or for a key that was replaced meanwhile
        ref = WrappedKeyRef(one.kek_label, one.wrapped_key)
        try:
            check_key(self._token, ref, SignatureAlgorithm(one.algorithm), one.spki)
        except (MechanismRefused, TokenUnavailable) as error:
            if isinstance(error, TokenUnavailable) and not self._token.healthy():
                raise
            log.warning("rewrapped_key_refused", credential=one.credential_id, detail=error.detail)
            return False
        return True
