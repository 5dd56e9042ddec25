"""Put a backup back in another place, and try it there: the rehearsal of a restore.

    python -m hsm rehearse-restore --into FOLDER

Takes a backup of what HSM_* name, restores it below FOLDER, starts a key process on the copy with a
socket of its own (HSM_REHEARSAL: it changes nothing, and signs nothing for anybody), tries the keys, reads
the journal from its first leaf to its last, and compares it with what was published. The original goes on.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hsm.backup import (
    CHECKPOINT,
    DUMP,
    SQLITE,
    TOKENS,
    BackupFailed,
    Manifest,
    libpq,
    mark,
    read_manifest,
    run_postgres,
    take_backup,
)
from hsm.client import KeyProcess
from hsm.copies import Copy
from hsm.settings import Settings
from hsm.token.provision import write_softhsm_conf

STARTS_WITHIN = 60.0
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Restored:
    """Where the copy is. ``environment``: what a key process on it is started with."""

    manifest: Manifest
    folder: Path
    environment: dict[str, str]
    socket: str


def restore(settings: Settings, backup: Path, into: Path, *, database_url: str = "") -> Restored:
    """Put a backup back below ``into``, a new folder. Raises BackupFailed.

    ``database_url``: an empty PostgreSQL database, when the backup is of one.
    """
    manifest = read_manifest(backup)
    try:
        into.mkdir(parents=True, mode=0o700)
        for name in (CHECKPOINT, SQLITE):
            if (backup / name).exists():
                shutil.copyfile(backup / name, into / name)
        if (backup / TOKENS).exists():
            shutil.copytree(backup / TOKENS, into / TOKENS)
            write_softhsm_conf(into / "softhsm2.conf", into / TOKENS)
    except OSError as error:
        raise BackupFailed(f"The backup could not be put into {into}.", detail=repr(error)) from error
    url = f"sqlite:///{(into / SQLITE).resolve()}"
    if manifest.database == DUMP:
        url = _restore_dump(backup / DUMP, database_url, manifest)
    # A unix socket's path has 107 bytes at most; the folder's may be longer.
    socket = f"unix:{tempfile.mkdtemp(prefix='antin-rehearsal-')}/admin.sock"
    return Restored(manifest, into, _environment(settings, into, url, socket), socket)


def rehearse(
    settings: Settings, into: Path, *, database_url: str = "", sample: int = SAMPLE
) -> dict[str, Any]:
    """All of it; the report, which is also written to ``into/report.json``. Raises HsmError."""
    times: dict[str, float] = {}

    def timed(name: str, started: float) -> None:
        times[name] = round(time.monotonic() - started, 3)

    begun = started = time.monotonic()
    manifest = take_backup(settings, into / "backup")
    timed("backup", started)
    started = time.monotonic()
    restored = restore(settings, into / "backup", into / "restored", database_url=database_url)
    timed("restore", started)
    started = time.monotonic()
    size = _start_and_ask(restored)
    timed("start", started)
    started = time.monotonic()
    tried = _try_copy(settings, restored, sample)
    timed("checks", started)
    timed("all", begun)
    report = {
        "copy_id": manifest.copy_id,
        "taken_at": manifest.taken_at,
        "backup": str(into / "backup"),
        "database": manifest.database,
        "token": manifest.token,
        "key_process_started": True,
        "journal_size": size,
        **tried,
        "seconds": times,
    }
    (into / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    return report


def _restore_dump(dump: Path, database_url: str, manifest: Manifest) -> str:
    if not database_url:
        raise BackupFailed("The backup is of a PostgreSQL database: name an empty one to restore into.")
    run_postgres("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={libpq(database_url)}", str(dump))
    mark(database_url, Copy(manifest.copy_id, manifest.taken_at, manifest.journal_size))
    return database_url


def _environment(settings: Settings, into: Path, url: str, socket: str) -> dict[str, str]:
    """Nothing of the original's but its PIN, its module and its names: no socket, no folder, no receiver."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HSM_")}
    return {
        **kept,
        **({"SOFTHSM2_CONF": str((into / "softhsm2.conf").resolve())} if (into / TOKENS).exists() else {}),
        "HSM_DATABASE_URL": url,
        "HSM_MODULE": str(settings.module),
        "HSM_VENDOR": settings.vendor,
        "HSM_TOKEN_LABEL": settings.token_label,
        "HSM_PIN_FILE": str(settings.pin_file.resolve()),
        "HSM_LOG_ORIGIN": settings.log_origin,
        "HSM_LAST_CHECKPOINT_FILE": str((into / CHECKPOINT).resolve()),
        "HSM_ADMIN__ADDRESS": socket,
        "HSM_REHEARSAL": "true",
    }


def _start_and_ask(restored: Restored) -> int:
    """Start a key process on the copy, ask it for its checkpoint, stop it; the journal's size."""
    log_file = restored.folder / "hsm.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hsm", "serve"],
            cwd=Path(__file__).parents[1], env=restored.environment, stdout=log, stderr=log,
        )  # fmt: skip
    client = KeyProcess(restored.socket, deadline=5)
    try:
        until = time.monotonic() + STARTS_WITHIN
        while not client.healthy():
            if process.poll() is not None or time.monotonic() > until:
                raise BackupFailed(
                    "A key process does not start on the copy.", detail=log_file.read_text()[-2000:]
                )
            time.sleep(0.05)
        return int(client.checkpoint().text.splitlines()[1])
    finally:
        client.close()
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _try_copy(settings: Settings, restored: Restored, sample: int) -> dict[str, Any]:
    """In a process of its own: a module is loaded once, with one SOFTHSM2_CONF."""
    published = [settings.last_checkpoint_file]
    if settings.publish_dir:
        published.append(settings.publish_dir / "checkpoint")
    arguments = [str(path.resolve()) for path in published if path.exists()]
    tried = subprocess.run(
        [sys.executable, "-m", "hsm", "--json", "try-copy", "--sample", str(sample), *arguments],
        cwd=Path(__file__).parents[1], env=restored.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tried.returncode:
        raise BackupFailed("The copy is not sound.", detail=tried.stderr[-2000:])
    result: dict[str, Any] = json.loads(tried.stdout)
    return result


def describe(manifest: Manifest) -> dict[str, Any]:
    """For the command's answer: all but the files."""
    return {name: value for name, value in asdict(manifest).items() if name != "files"}
