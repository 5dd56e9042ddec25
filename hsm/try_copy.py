"""Is a restored copy sound? Its canary, its keys by test signatures, its journal from end to end."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hsm import keks, store
from hsm.acts.rotate_kek import check_key
from hsm.algorithms import SignatureAlgorithm
from hsm.copies import check_may_start
from hsm.database import Database
from hsm.errors import HsmError, TokenError
from hsm.journal.checkpoint import Checkpoint, verify_checkpoint
from hsm.journal.errors import JournalDamaged
from hsm.journal.log import Log
from hsm.journal.seal import JournalKey
from hsm.journal.tiles import WIDTH, Edge
from hsm.settings import Settings
from hsm.store import StoredCredential
from hsm.token.token import KeyRef, Token, TokenKeyRef, TokenSettings, WrappedKeyRef

_AT_ONCE = 64 * WIDTH


class CopyUnsound(HsmError):
    """A key of the copy does not sign, or its journal is not the original's."""


def try_copy(settings: Settings, published: Sequence[Path], *, sample: int) -> dict[str, Any]:
    """Try it. ``published``: checkpoints of the original; ``sample``: keys at most, of each kind.

    Test signatures are over random bytes and are forgotten; only a marked copy is tried so. Raises
    CopyUnsound, StoreIsCopy when it is none, HsmError.
    """
    database = Database(settings.database_url)
    token = Token.open(
        TokenSettings(
            module=settings.module,
            vendor=settings.vendor,
            token_label=settings.token_label,
            pin_file=settings.pin_file,
        )
    )
    try:
        check_may_start(database, rehearsal=True, continued=False)
        if not token.healthy():
            raise CopyUnsound("The copy's token does not sign: its canary is dead.")
        return {
            "canary_signs": True,
            **_try_keys(database, token, sample),
            **_read_journal(database, JournalKey(token, settings.log_origin).verifier_key, published),
        }
    finally:
        token.close()
        database.close()


def _try_keys(database: Database, token: Token, sample: int) -> dict[str, Any]:
    with database.reading() as connection:
        stored = [one for one in store.find_credentials(connection) if one.state != "destroyed"]
        current = keks.current_kek(connection)
    kinds = {
        "wrapped_keys_tried": [one for one in stored if one.wrapped_key],
        "token_keys_tried": [one for one in stored if one.key_label],
    }
    tried = {}
    for name, found in kinds.items():
        chosen = random.sample(found, min(sample, len(found)))
        for one in chosen:
            _try_key(token, one)
        tried[name] = f"{len(chosen)} of {len(found)}"
    return {"current_kek": current, **tried}


def _try_key(token: Token, stored: StoredCredential) -> None:
    ref: KeyRef = TokenKeyRef(stored.key_label or "")
    if stored.wrapped_key and stored.kek_label:
        ref = WrappedKeyRef(stored.kek_label, stored.wrapped_key)
    try:
        check_key(token, ref, SignatureAlgorithm(stored.algorithm), stored.spki)
    except TokenError as error:
        raise CopyUnsound(
            "A key of the copy does not sign.", detail=f"{stored.credential_id}: {error.detail}"
        ) from error


def _read_journal(database: Database, verifier_key: str, published: Sequence[Path]) -> dict[str, Any]:
    log = Log(database.reader)
    log.reload()
    size, root = log.head()
    if _root_of_entries(log, size) != root:
        raise JournalDamaged("The copy's entries do not lead to its root.")
    newest: Checkpoint | None = None
    for path in published:
        checkpoint = verify_checkpoint(path.read_text(), verifier_key)
        if checkpoint.size <= size and log.root_at(checkpoint.size) != checkpoint.root:
            raise CopyUnsound(
                f"The copy's journal is not the published one ({path}, {checkpoint.size} entries)."
            )
        newest = max(newest or checkpoint, checkpoint, key=lambda one: one.size)
    return {
        "journal_entries_read": size,
        "published_size": newest.size if newest else None,
        # What was signed since the backup began is not in it: this is what a restore would lose.
        "entries_behind_published": max(0, newest.size - size) if newest else None,
    }


def _root_of_entries(log: Log, size: int) -> bytes:
    edge = Edge()
    for start in range(0, size, _AT_ONCE):
        entries = [entry for _, entry in log.entries(start, min(_AT_ONCE, size - start))]
        edge = edge.append(entries).edge
    return edge.root()
