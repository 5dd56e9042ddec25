"""Files that survive a power failure: they have the old content or the new one, and never neither."""

import os
from pathlib import Path

from hsm.journal.errors import JournalDamaged


def replace_durably(path: Path, content: bytes, *, staging: Path | None = None) -> None:
    """Replace a file's content, atomically for its readers. Raises OSError.

    ``staging``: where the content is written first, on the same file system; beside the file by default.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = (staging or path.parent) / (path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with open(descriptor, "wb") as file:  # noqa: PTH123 -- a descriptor
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    # Without this the rename itself may be lost.
    sync_directory(path.parent)


def write_once(path: Path, content: bytes, *, staging: Path) -> bool:
    """Write a file that never changes; False when it is there already, with this content.

    Raises JournalDamaged when it is there with another content, OSError.
    """
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        replace_durably(path, content, staging=staging)
        return True
    if found != content:
        raise JournalDamaged(
            f"{path} is published with another content: it is never rewritten. Find out who changed it."
        )
    return False


def sync_directory(path: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
