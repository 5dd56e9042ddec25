"""One look at the log: accept the checkpoint and cosign it, or say why not.

::

    1 read the checkpoint; the log's key must have signed it, for this origin
    2 it must not be shorter than the last one, nor differ at the same size
    3 grow the old tree by the new nodes of the tiles: it must end at the new root
    4 hash every new entry: the same
    5 remember the checkpoint, durably
    6 cosign it, and publish that
"""

import hashlib
from dataclasses import dataclass

from witness.errors import ClockWentBack, LogDamaged, LogMisbehaved, LogUnavailable, LogWentBack
from witness.folder import Folder, Remembered
from witness.note import MAX_NOTE, Checkpoint, VerifierKey, cosign, verify_checkpoint
from witness.source import Source
from witness.tiles import Tiles
from witness.tree import Growing, covering

_WIDTH = 256


@dataclass(frozen=True, slots=True)
class Observed:
    """The last accepted checkpoint, and by how many entries the log had grown to it."""

    checkpoint: Checkpoint
    grown: int


class Witness:
    """Watches one log.

    ``entries``: hash every new entry too, not only the tree. ``refresh``: seconds after which a
    checkpoint that did not change is cosigned anew, to say that it still is the latest.
    """

    def __init__(
        self,
        folder: Folder,
        source: Source,
        log_key: VerifierKey,
        *,
        entries: bool = True,
        refresh: int = 0,
    ) -> None:
        self._folder = folder
        self._source = source
        self._log_key = log_key
        self._entries = entries
        self._refresh = refresh
        self._name, self._key = folder.key()

    def observe(self, *, now: int) -> Observed:
        """Look once. ``now``: Unix seconds. Raises WitnessError; then nothing is cosigned."""
        with self._folder.alone():
            # 1. The checkpoint, of this log.
            new = verify_checkpoint(self._read_note(), self._log_key)
            remembered = self._folder.remembered()
            old = verify_checkpoint(remembered.note, self._log_key) if remembered else None
            if remembered and now < remembered.time:
                raise ClockWentBack(f"The clock says {now}; the last cosignature was at {remembered.time}.")
            # 2. Not back, and not aside.
            if old is not None:
                self._check_not_back(old, new)
            if remembered and new.note == remembered.note and now - remembered.time < self._refresh:
                return Observed(new, 0)
            # 3, 4. Forward from the old tree, and from nothing else.
            tiles = Tiles(self._source, new.size)
            self._check_grown(old, new, tiles)
            if self._entries:
                self._check_entries(old.size if old else 0, new, tiles)
            # 5. Durable first: a cosignature we could forget would let us sign a fork after a crash.
            self._folder.remember(Remembered(new.note, now))
            # 6. Cosign.
            self._folder.publish(cosign(new, self._name, self._key, now=now))
            return Observed(new, new.size - (old.size if old else 0))

    def _read_note(self) -> str:
        data = self._source("checkpoint", MAX_NOTE)
        if data is None:
            raise LogUnavailable("The log has no checkpoint.")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise LogDamaged("The checkpoint is not text.") from error

    def _check_not_back(self, old: Checkpoint, new: Checkpoint) -> None:
        if new.size < old.size:
            raise LogWentBack(f"The log went back from {old.size} to {new.size} entries.")
        if new.size == old.size and new.root != old.root:
            self._accuse(old, new, f"The log signed two different trees of {new.size} entries.")

    def _check_grown(self, old: Checkpoint | None, new: Checkpoint, tiles: Tiles) -> None:
        tree = Growing()
        old_size = old.size if old else 0
        for height, index in covering(0, old_size):
            tree.add(height, tiles.node(height, index))
        old_root = tree.root()
        for height, index in covering(old_size, new.size):
            tree.add(height, tiles.node(height, index))
        if tree.root() != new.root:
            raise LogDamaged("The published tiles do not lead to the checkpoint's root.")
        if old is not None and old_root != old.root:
            # The new root stands for these tiles; so the old checkpoint was of another tree.
            self._accuse(old, new, f"The log no longer contains its first {old.size} entries.")

    def _check_entries(self, start: int, new: Checkpoint, tiles: Tiles) -> None:
        tree = Growing()
        for height, index in covering(0, start):
            tree.add(height, tiles.node(height, index))
        for index in range(start // _WIDTH, -(-new.size // _WIDTH)):
            for leaf in tiles.bundle(index)[max(0, start - index * _WIDTH) :]:
                tree.add(0, leaf)
        if tree.root() != new.root:
            raise LogDamaged("The published entries do not lead to the checkpoint's root.")

    def _accuse(self, old: Checkpoint, new: Checkpoint, reason: str) -> None:
        name = hashlib.sha256((old.note + new.note).encode()).hexdigest()[:16]
        kept = self._folder.keep_evidence(name, [old.note, new.note])
        raise LogMisbehaved(f"{reason} Evidence: {kept}")
