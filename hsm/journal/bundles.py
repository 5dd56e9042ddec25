"""Entry bundles (C2SP tlog-tiles): up to 256 entries, each after its length in two bytes. Pure."""

from collections.abc import Sequence

from hsm.journal.errors import JournalDamaged
from hsm.journal.tiles import WIDTH, TileId

MAX_ENTRY = 0xFFFF


def bundle_path(index: int, width: int = WIDTH) -> str:
    """The bundle's path below the log's prefix, such as ``tile/entries/x001/067.p/12``."""
    return TileId(0, index, width).path().replace("tile/0/", "tile/entries/", 1)


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """The bundle's bytes. Raises JournalDamaged for an entry that no bundle can carry."""
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise JournalDamaged(f"An entry is longer than {MAX_ENTRY} bytes.")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises JournalDamaged for a truncated one."""
    entries = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data) or start > len(data):
            raise JournalDamaged("An entry bundle is truncated.")
        entries.append(data[start:at])
    return entries
