"""A backup of the key process: last checkpoint, database and SoftHSM token, in this order, while it runs.

The checkpoint first, so that the database has all of it; the token last, so that it has every key the
database names. PINs are not in it: they are kept where the officers keep them. A hardware token is
backed up by its vendor's means, and the vault with it.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import create_engine, make_url, select

from hsm.copies import Copy, mark_copy
from hsm.errors import HsmError
from hsm.journal.tables import journal_head
from hsm.settings import Settings

MANIFEST, SQLITE, DUMP, TOKENS, CHECKPOINT = (
    "manifest.json", "hsm.sqlite3", "hsm.pgdump", "tokens", "last-checkpoint",
)  # fmt: skip
_TRIES = 5


class BackupFailed(HsmError):
    """The backup could not be taken, or it is not one."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. ``files``: SHA-256 (hex) by path; ``token``: softhsm, or the vendor's name."""

    copy_id: str
    taken_at: int
    journal_size: int
    database: str
    token: str
    files: dict[str, str]


def take_backup(settings: Settings, folder: Path) -> Manifest:
    """Copy everything into ``folder``, which must not exist. Raises BackupFailed."""
    try:
        folder.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise BackupFailed(f"{folder} must be a new folder.", detail=str(error)) from error
    copy_id, taken_at = secrets.token_hex(16), int(time.time())
    try:
        if settings.last_checkpoint_file.exists():
            shutil.copyfile(settings.last_checkpoint_file, folder / CHECKPOINT)
        size = _copy_database(settings.database_url, folder, Copy(copy_id, taken_at, 0))
        if settings.vendor == "softhsm":
            _copy_tokens(softhsm_tokens(), folder / TOKENS)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed("The backup could not be taken.", detail=repr(error)) from error
    manifest = Manifest(
        copy_id=copy_id,
        taken_at=taken_at,
        journal_size=size,
        database=SQLITE if (folder / SQLITE).exists() else DUMP,
        token=settings.vendor,
        files=_digests(folder),
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup whose files are all there and unchanged. Raises BackupFailed."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text()))
        found = _digests(folder)
    except (OSError, ValueError, TypeError) as error:
        raise BackupFailed(f"{folder} is not a backup.", detail=repr(error)) from error
    if found != manifest.files:
        changed = sorted(name for name, _ in found.items() ^ manifest.files.items())
        raise BackupFailed(f"The backup {folder} is damaged: {', '.join(changed)[:300]}.")
    return manifest


def softhsm_tokens() -> Path:
    """The directory of SoftHSM's tokens, from the file that SOFTHSM2_CONF names. Raises BackupFailed."""
    conf = Path(os.environ.get("SOFTHSM2_CONF", "/etc/softhsm/softhsm2.conf"))
    try:
        found = re.search(r"^directories\.tokendir\s*=\s*(.+?)\s*$", conf.read_text(), re.MULTILINE)
    except OSError as error:
        raise BackupFailed(f"{conf} (SOFTHSM2_CONF) cannot be read.", detail=str(error)) from error
    if found is None:
        raise BackupFailed(f"{conf} names no directories.tokendir.")
    return Path(found[1])


def _copy_database(url: str, folder: Path, copy: Copy) -> int:
    """Copy the database as it is at one moment; the journal's size in it."""
    parsed = make_url(url)
    if not parsed.drivername.startswith("sqlite"):
        _dump(url, folder / DUMP)
        return _journal_size(url)
    target = folder / SQLITE
    with (
        closing(sqlite3.connect(f"file:{parsed.database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copied,
    ):
        source.backup(copied)
    copy_url = f"sqlite:///{target}"
    size = _journal_size(copy_url)
    mark(copy_url, Copy(copy.copy_id, copy.copied_at, size))
    return size


def mark(url: str, copy: Copy) -> None:
    """Put the mark of a copy into a database."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            mark_copy(connection, copy)
    finally:
        engine.dispose()


def _journal_size(url: str) -> int:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(select(journal_head.c.size)).scalar() or 0
    finally:
        engine.dispose()


def _dump(url: str, target: Path) -> None:
    run_postgres("pg_dump", "--format=custom", f"--file={target}", f"--dbname={libpq(url)}")


def run_postgres(program: str, *arguments: str) -> None:
    """Raises BackupFailed, naming the program when it is missing."""
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BackupFailed(f"{program} is missing: apt-get install postgresql-client.") from error
    if done.returncode:
        raise BackupFailed(f"{program} failed.", detail=done.stderr[-500:])


def libpq(url: str) -> str:
    """A SQLAlchemy URL as libpq reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _copy_tokens(source: Path, target: Path) -> None:
    """A running token may be writing: copy until nothing changed meanwhile."""
    for _ in range(_TRIES):
        before = _stamps(source)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        if _stamps(source) == before:
            return
    raise BackupFailed("The token is written to all the while; try again when no keys are made.")


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
