"""The last signed checkpoint, kept in a file beside the database: the guard against a rollback.

A database set back to a backup looks sound in itself. Only something outside of it can tell that more
was signed since; without that, the key process would sign a second history (a fork).
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from hsm.errors import JournalError
from hsm.journal.checkpoint import Checkpoint, verify_checkpoint
from hsm.journal.durable_file import replace_durably
from hsm.journal.errors import CheckpointInvalid, JournalRolledBack
from hsm.journal.log import Log

INTERVAL_SECONDS = 1.0


class LastCheckpoint:
    """Keeps the last checkpoint in ``path``. Thread-safe. ``clock`` gives monotonic seconds."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting = ""
        self._kept = ""
        self._kept_at: float | None = None

    def check_not_rolled_back(self, log: Log, verifier_key: str, *, may_be_missing: bool = False) -> None:
        """Raises JournalRolledBack unless the open log contains the checkpoint in the file.

        A missing file is right for an empty log only, or when an operator says so by
        ``may_be_missing``. Raises CheckpointInvalid for a file that this log did not sign.
        """
        kept = self.find(verifier_key)
        size, _ = log.head()
        if kept is None:
            if size and not may_be_missing:
                raise JournalRolledBack(
                    f"The journal has {size} entries but the file of its last checkpoint, {self._path}, is"
                    " missing. Put back the file, or the last checkpoint that was published."
                )
            return
        if size < kept.size:
            raise JournalRolledBack(
                f"The journal was rolled back: the database has {size} entries, the last signed checkpoint"
                f" ({self._path}) has {kept.size}. Restore the newest database; do not delete the file."
            )
        if log.root_at(kept.size) != kept.root:
            raise JournalRolledBack(
                f"The journal was replaced: its first {kept.size} entries are not those of the last signed"
                f" checkpoint ({self._path}). Restore the right database; do not delete the file."
            )

    def find(self, verifier_key: str) -> Checkpoint | None:
        """The verified checkpoint in the file; None when there is no file. Raises JournalError."""
        try:
            text = self._path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise CheckpointInvalid(f"{self._path} is not a checkpoint.") from error
        except OSError as error:
            raise JournalError(f"{self._path} cannot be read.", detail=str(error)) from error
        return verify_checkpoint(text, verifier_key)

    def keep(self, checkpoint: str) -> None:
        """Write the file, at most once a second; what came too soon is written later or by ``close()``.

        Raises JournalError when the file cannot be written.
        """
        with self._lock:
            self._waiting = checkpoint
            now = self._clock()
            if self._kept_at is None or now - self._kept_at >= INTERVAL_SECONDS:
                self._write()

    def close(self) -> None:
        """Write what is still waiting. Raises JournalError."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        if self._waiting in {"", self._kept}:
            return
        try:
            replace_durably(self._path, self._waiting.encode())
        except OSError as error:
            raise JournalError(f"{self._path} cannot be written.", detail=str(error)) from error
        self._kept = self._waiting
        self._kept_at = self._clock()
