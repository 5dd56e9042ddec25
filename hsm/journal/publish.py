"""Publish the journal as static files (C2SP tlog-tiles), for anybody to mirror, witness and verify.

``checkpoint``, ``tile/<L>/<N>[.p/<W>]`` and ``tile/entries/<N>[.p/<W>]`` below one folder, which a web
server hands out as they are. The order of writing is the safety: whatever a checkpoint needs is durable
before the checkpoint is, so a reader, a crash or a full disk never meets a checkpoint without its tiles.

Receipts carry checkpoints of sizes in between; they bring their own proof and need no tiles.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from hsm.errors import JournalError
from hsm.journal.bundles import bundle_path, format_bundle
from hsm.journal.checkpoint import Checkpoint, verify_checkpoint
from hsm.journal.durable_file import replace_durably, write_once
from hsm.journal.errors import CheckpointInvalid, JournalDamaged, JournalRolledBack
from hsm.journal.log import Log
from hsm.journal.tiles import HEIGHT, WIDTH, Edge, Grown, TileId, tile_width
from hsm.metrics import PUBLISH_SECONDS, PUBLISHED_SIZE

_BUNDLES_AT_ONCE = 16
CHECKPOINT = "checkpoint"


class Publisher:
    """Writes one log into ``directory``. Called from one thread at a time.

    ``log`` is the publisher's own: it is read anew each time, so that what other key processes wrote is
    published too. ``seal`` signs a checkpoint of (size, root). The publisher hashes the entries itself
    and refuses to publish what does not lead to that root.
    """

    def __init__(
        self, directory: Path, log: Log, seal: Callable[[int, bytes], str], verifier_key: str
    ) -> None:
        self._directory = directory
        self._staging = directory / ".staging"
        self._log = log
        self._seal = seal
        self._verifier_key = verifier_key
        self._edge = Edge()
        self._published: Checkpoint | None = None
        self._lock = -1

    def open(self) -> bool:
        """Take up where the folder ends; False when another key process publishes into it.

        Raises JournalRolledBack when the log does not contain what was published, JournalError.
        """
        try:
            self._staging.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                # Two writers would take turns in setting the checkpoint back.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return False
            self._lock = lock
            for left in self._staging.iterdir():
                left.unlink()  # what a killed process was writing
            self._take_up()
        except OSError as error:
            raise _unwritable(self._directory, error) from error
        except JournalError:
            self.close()
            raise
        return True

    def close(self) -> None:
        """Let another key process publish."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _take_up(self) -> None:
        self._edge, self._published = Edge(), None
        try:
            text = (self._directory / CHECKPOINT).read_bytes().decode()
        except FileNotFoundError:
            return
        except UnicodeDecodeError as error:
            raise CheckpointInvalid(f"{self._directory / CHECKPOINT} is not a checkpoint.") from error
        published = verify_checkpoint(text, self._verifier_key)
        self._log.reload()
        if self._log.head()[0] < published.size or self._log.root_at(published.size) != published.root:
            raise JournalRolledBack(
                f"The journal does not contain the checkpoint of {published.size} entries that was published"
                f" in {self._directory}. Restore the newest database; do not delete what was published."
            )
        self._edge = self._edge_of_log(published.size)
        self._published = published

    def publish(self) -> int:
        """Publish what is new, if anything is; the published size. Raises HsmError."""
        if self._lock < 0 and not self.open():
            return 0
        self._log.reload()
        size, root = self._log.head()
        if self._published is not None and size == self._published.size:
            return size
        if size < self._edge.size:
            raise JournalRolledBack("The journal is shorter than what is published.")
        with PUBLISH_SECONDS.time():
            note = self._seal(size, root)
            checkpoint = verify_checkpoint(note, self._verifier_key)
            try:
                replaced = self._write_tiles(checkpoint)
                replace_durably(self._directory / CHECKPOINT, note.encode(), staging=self._staging)
            except OSError as error:
                raise _unwritable(self._directory, error) from error
            self._published = checkpoint
            for path in replaced:
                # Readers of an older checkpoint find the complete tile instead (tlog-tiles).
                shutil.rmtree(path, ignore_errors=True)
        PUBLISHED_SIZE.set(size)
        return size

    def _write_tiles(self, checkpoint: Checkpoint) -> list[Path]:
        """Everything that ``checkpoint`` needs; returns folders of partial tiles that are now complete."""
        replaced: list[Path] = []
        while True:
            first = self._edge.size - self._edge.size % WIDTH
            end = min(checkpoint.size, first + _BUNDLES_AT_ONCE * WIDTH)
            entries = [entry for _, entry in self._log.entries(first, end - first)]
            grown = self._edge.append(entries[self._edge.size - first :])
            self._check(grown, checkpoint)
            replaced += self._write_complete(grown, first, entries)
            self._edge = grown.edge
            if end == checkpoint.size:
                self._write_partial(entries[len(entries) - len(entries) % WIDTH :])
                return replaced

    def _check(self, grown: Grown, checkpoint: Checkpoint) -> None:
        # Before anything is written: a complete tile is never written again.
        last = grown.edge.size == checkpoint.size
        root = checkpoint.root if last else self._log.root_at(grown.edge.size)
        if grown.edge.root() != root:
            raise JournalDamaged(
                "The journal's entries do not lead to its signed root: nothing is published.",
                detail=f"size {grown.edge.size}",
            )

    def _write_complete(self, grown: Grown, first: int, entries: Sequence[bytes]) -> list[Path]:
        paths: list[Path] = []
        for at in range(0, len(entries) - WIDTH + 1, WIDTH):
            paths.append(self._directory / bundle_path((first + at) // WIDTH))
            write_once(paths[-1], format_bundle(entries[at : at + WIDTH]), staging=self._staging)
        for tile in grown.tiles:
            paths.append(self._directory / TileId(tile.level, tile.index).path())
            write_once(paths[-1], tile.hashes, staging=self._staging)
        return [path.with_name(path.name + ".p") for path in paths]

    def _write_partial(self, entries: Sequence[bytes]) -> None:
        for level, row in enumerate(self._edge.partial):
            if row:
                tile = TileId(level, self._edge.size >> (HEIGHT * (level + 1)), len(row))
                write_once(self._directory / tile.path(), b"".join(row), staging=self._staging)
        if entries:
            path = bundle_path(self._edge.size // WIDTH, len(entries))
            write_once(self._directory / path, format_bundle(entries), staging=self._staging)

    def _edge_of_log(self, size: int) -> Edge:
        rows = []
        level = 0
        while size >> (HEIGHT * level):
            index = size >> (HEIGHT * (level + 1))
            width = tile_width(level, index, size)
            hashes = self._log.tile(level, index, width) if width else b""
            rows.append([hashes[at : at + 32] for at in range(0, len(hashes), 32)])
            level += 1
        return Edge.of_partial_tiles(size, rows)


def _unwritable(directory: Path, error: OSError) -> JournalError:
    return JournalError(f"{directory} cannot be written.", detail=str(error))
