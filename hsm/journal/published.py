"""Read a published journal (C2SP tlog-tiles) back from its folder, trusting none of it."""

from pathlib import Path

from hsm.journal.bundles import bundle_path, parse_bundle
from hsm.journal.checkpoint import Checkpoint, verify_checkpoint
from hsm.journal.errors import CheckpointInvalid, JournalDamaged
from hsm.journal.merkle import HASH_SIZE, consistency_proof, leaf_hash, verify_consistency
from hsm.journal.publish import CHECKPOINT
from hsm.journal.tiles import WIDTH, TileId, node_from_tile, tile_of_node, tile_width


class PublishedLog:
    """The tree that the folder's checkpoint names. A reader of nodes (``merkle.NodeReader``)."""

    def __init__(self, directory: Path, verifier_key: str) -> None:
        """Raises CheckpointInvalid."""
        self._directory = directory
        try:
            note = (directory / CHECKPOINT).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise CheckpointInvalid(f"{directory} has no readable checkpoint.") from error
        self.checkpoint: Checkpoint = verify_checkpoint(note, verifier_key)

    def __call__(self, height: int, index: int) -> bytes:
        """The hash of one node, as the folder has it. Raises JournalDamaged."""
        level, tile, first, count = tile_of_node(height, index)
        return node_from_tile(self.tile(level, tile), first, count)

    def tile(self, level: int, index: int) -> bytes:
        """A tile's hashes, joined. Raises JournalDamaged when the file is missing or not of its size."""
        width = tile_width(level, index, self.checkpoint.size)
        hashes = self._read(TileId(level, index, width).path(), TileId(level, index).path())
        hashes = hashes[: width * HASH_SIZE]
        if len(hashes) != width * HASH_SIZE:
            raise JournalDamaged("A published tile is truncated.", detail=f"tile/{level}/{index}")
        return hashes

    def entries(self, index: int) -> list[bytes]:
        """One bundle, compared with its tile of leaf hashes. Raises JournalDamaged."""
        width = tile_width(0, index, self.checkpoint.size)
        found = parse_bundle(self._read(bundle_path(index, width), bundle_path(index)))[:width]
        if b"".join(map(leaf_hash, found)) != self.tile(0, index):
            raise JournalDamaged("A published entry is not the one in the tree.", detail=f"bundle {index}")
        return found

    def bundles(self) -> range:
        """The indices of all the bundles."""
        return range(-(-self.checkpoint.size // WIDTH))

    def check_contains(self, past: Checkpoint) -> None:
        """Raises ProofInvalid unless the published log extends ``past``; JournalDamaged."""
        if past.size == 0:
            return
        now = self.checkpoint
        proof = consistency_proof(past.size, now.size, self) if past.size <= now.size else []
        verify_consistency(past.size, past.root, now.size, now.root, proof)

    def _read(self, path: str, complete: str) -> bytes:
        # A partial tile may be deleted once the complete one is there (tlog-tiles).
        for one in dict.fromkeys((path, complete)):
            try:
                return (self._directory / one).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise JournalDamaged("A published file cannot be read.", detail=str(error)) from error
        raise JournalDamaged("A published file is missing.", detail=path)
