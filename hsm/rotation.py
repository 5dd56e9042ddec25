"""The ceremony's part of replacing a KEK: make it, have it made current, wrap every key anew.

    python -m hsm rotate-kek ceremony.toml --to kek-2 --key admin-1.jwk --key admin-2.jwk

Needs the vault's PIN, and so runs where the officers are. Stopped at any moment, it goes on when it is
started again with the same arguments. The key process signs all the while (``hsm.acts.rotate_kek``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from hsm import keks
from hsm.algorithms import SignatureAlgorithm
from hsm.ceremony import CeremonyFile, make_kek, open_token, open_vault
from hsm.database import Database
from hsm.errors import HsmError, KeyNotFound
from hsm.token.token import WrappedKeyRef
from hsm.token.vault import Vault

BATCH = 250
# Laid down and not yet tried: no more than this, so that a stop leaves little half done.
WAITING = 2000
PATIENCE = 60.0
POLL = 0.2

Rotate = Callable[[str, str], object]
Progress = Callable[[int, int], None]


class RotationStuck(HsmError):
    """Keys are left that could not be wrapped anew; what was done stays done."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """``kek`` is current; ``keys`` were wrapped anew in this run."""

    kek: str
    retired: tuple[str, ...]
    keys: int
    seconds: float


def rotate(file: CeremonyFile, to: str, *, perform: Rotate, progress: Progress) -> Rotated:
    """All of it; ``perform(from, to)`` has the act ``rotate_kek`` done. Raises HsmError."""
    started = time.monotonic()
    database = Database(file.store.database_url)
    try:
        with database.reading() as connection:
            current, known = keks.current_kek(connection), keks.find_kek(connection, to)
        if current != to:
            if known is not None:
                raise RotationStuck(f"{to} was used before: a KEK is never used again. Name a new one.")
            _make(file, to)
            perform(current, to)
        vault = open_vault(file)
        try:
            keys = _rewrap_all(database, vault, to, progress)
        finally:
            vault.close()
        with database.reading() as connection:
            retired = tuple(keks.retired_keks(connection))
    finally:
        database.close()
    return Rotated(to, retired, keys, time.monotonic() - started)


def _make(file: CeremonyFile, label: str) -> None:
    token = open_token(file)
    try:
        if label not in token.labels():
            make_kek(file, token, label)
    finally:
        token.close()


def _rewrap_all(database: Database, vault: Vault, to: str, progress: Progress) -> int:
    total, left = (_left(database),) * 2
    moved_at = time.monotonic()
    after: dict[str, str] = {}
    progress(0, total)
    while left:
        busy = _lay_down_some(database, vault, to, after)
        now_left = _left(database)
        if now_left < left:
            moved_at = time.monotonic()
        elif time.monotonic() - moved_at > PATIENCE:
            raise RotationStuck(
                f"{now_left} keys are not adopted by the key process: is it running? Its log names each key"
                " that was refused. Run the same command again."
            )
        left = now_left
        progress(total - left, max(total, left))
        if not busy:
            time.sleep(POLL)
    return total


def _lay_down_some(database: Database, vault: Vault, to: str, after: dict[str, str]) -> bool:
    """Wrap the next batch anew; False when there is nothing to do but wait."""
    with database.reading() as connection:
        if keks.count_laid_down(connection) > WAITING:
            return False
        for label in keks.retired_keks(connection):
            batch = keks.find_wrapped(connection, label, after.get(label, ""), BATCH)
            if batch:
                break
        else:
            # Round again: keys made in the meantime, or refused.
            after.clear()
            return False
    try:
        rewrapped = [
            (old, vault.rewrap(WrappedKeyRef(label, old.blob), SignatureAlgorithm(old.algorithm), to))
            for old in batch
        ]
    except KeyNotFound as error:
        raise RotationStuck(
            f"The vault has no {label}: that KEK was made in the token alone. Its keys leave it when their"
            " credentials are renewed with new keys.",
            detail=error.detail,
        ) from error
    with database.writing() as connection:
        keks.lay_down(connection, to, rewrapped)
    after[label] = batch[-1].credential_id
    return True


def _left(database: Database) -> int:
    with database.reading() as connection:
        return sum(
            keks.count_credentials_wrapped(connection, label) for label in keks.retired_keks(connection)
        )
