"""Commands for credentials' lives: the radar, renewal, KEK rotation, backup and its rehearsal."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hsm import administer
from hsm.client import KeyProcess
from hsm.enrol import enrol
from hsm.enrol.devca import DevelopmentAuthority
from hsm.enrol.manual import ManualAuthority
from hsm.subcommands import AddCommand

SOCKET = "unix:run/hsm-admin.sock"
BAR = 30


def add_commands(add: AddCommand) -> None:
    """Add ``radar``, ``renew``, ``rotate-kek``, ``backup``, ``rehearse-restore``, ``try-copy``."""
    radar = add("radar", _radar, "certificates that end within 90, 30, 7 days (settings: HSM_*)")
    radar.add_argument("--days", type=int, default=90)
    renew = add("renew", _renew, "ask for the next certificate of a credential, and activate it")
    renew.add_argument("credential")
    renew.add_argument("--authority", choices=("devca", "manual"), required=True)
    renew.add_argument("--profile", default="", help="the credential's key profile; for devca")
    renew.add_argument("--subject", default="{}", help='JSON: {"CN": …, "O": …, "C": "VN"}')
    renew.add_argument("--new-key", action="store_true", help="before the key's time is over")
    renew.add_argument("--url", default="http://127.0.0.1:8085", help="devca")
    renew.add_argument("--secret-file", type=Path, default=Path("run/devca/issue-secret"))
    renew.add_argument("--directory", type=Path, default=Path("run/requests"), help="manual")
    renew.add_argument("--collect", type=Path, help="manual: the request file whose answer has come")
    renew.add_argument("--key", type=Path, action="append", default=[], help="of an approver; twice")
    renew.add_argument("--socket", default=SOCKET)
    rotate = add("rotate-kek", _rotate_kek, "replace the KEK and wrap every key anew, in the vault")
    rotate.add_argument("file", type=Path, help="the ceremony's file, with a [vault]")
    rotate.add_argument("--to", required=True, help="the new KEK's label")
    rotate.add_argument("--key", type=Path, action="append", default=[], help="of an approver; twice")
    rotate.add_argument("--socket", default=SOCKET)
    backup = add("backup", _backup, "copy store, token and last checkpoint while it runs (settings: HSM_*)")
    backup.add_argument("folder", type=Path, help="a new one")
    rehearse = add("rehearse-restore", _rehearse, "back up, restore elsewhere, start there and check")
    rehearse.add_argument("--into", type=Path, required=True, help="a new folder")
    rehearse.add_argument("--database-url", default="", help="PostgreSQL: an empty database for the copy")
    rehearse.add_argument("--sample", type=int, default=200, help="keys to try, of each kind")
    tried = add("try-copy", _try_copy, "check a restored copy (settings: HSM_*, of the copy)")
    tried.add_argument("published", type=Path, nargs="*", help="checkpoints of the original")
    tried.add_argument("--sample", type=int, default=200)


def _renew(options: argparse.Namespace) -> dict[str, Any]:
    client = KeyProcess(options.socket)

    def perform(action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        act = administer.draft(action, parameters, now=int(time.time()))
        return client.perform(act, [administer.approve(act, key) for key in options.key])

    parameters = {
        "credential_id": options.credential,
        "subject": json.loads(options.subject),
        "new_key": options.new_key,
    }
    try:
        if options.collect:
            manual, csr = ManualAuthority(options.directory), options.collect.read_text("ascii")
            return asdict(enrol.finish_renewal(perform, manual, options.credential, csr))
        if options.authority == "manual":
            manual = ManualAuthority(options.directory)
            return asdict(enrol.start_renewal(perform, manual, options.profile, parameters))
        with DevelopmentAuthority(options.url, options.secret_file.read_text().strip()) as devca:
            return asdict(enrol.start_renewal(perform, devca, options.profile, parameters))
    finally:
        client.close()


def _backup(options: argparse.Namespace) -> dict[str, Any]:
    from hsm.backup import take_backup  # noqa: PLC0415 -- loads more than the other commands need
    from hsm.restore import describe  # noqa: PLC0415
    from hsm.settings import Settings  # noqa: PLC0415

    return describe(take_backup(Settings.from_environment(), options.folder))


def _rehearse(options: argparse.Namespace) -> dict[str, Any]:
    from hsm.restore import rehearse  # noqa: PLC0415
    from hsm.settings import Settings  # noqa: PLC0415

    return rehearse(
        Settings.from_environment(), options.into, database_url=options.database_url, sample=options.sample
    )


def _try_copy(options: argparse.Namespace) -> dict[str, Any]:
    from hsm.settings import Settings  # noqa: PLC0415
    from hsm.try_copy import try_copy  # noqa: PLC0415

    return try_copy(Settings.from_environment(), options.published, sample=options.sample)


def _radar(options: argparse.Namespace) -> list[dict[str, object]] | None:
    from hsm.database import Database  # noqa: PLC0415 -- not for the other commands
    from hsm.radar import as_data, as_text, scan  # noqa: PLC0415
    from hsm.settings import Settings  # noqa: PLC0415

    database = Database(Settings.from_environment().database_url)
    try:
        found = scan(database, datetime.now(UTC), horizon=options.days)
    finally:
        database.close()
    if options.json:
        return as_data(found)
    sys.stdout.write(as_text(found))
    return None


def _rotate_kek(options: argparse.Namespace) -> dict[str, Any]:
    from hsm.ceremony import read_ceremony  # noqa: PLC0415 -- loads PKCS#11
    from hsm.rotation import RotationStuck, rotate  # noqa: PLC0415

    def perform(old: str, new: str) -> object:
        parameters = {"from": old, "to": new}
        if not options.key:
            raise RotationStuck(
                f"{new} is made. Now have two administrators approve the act rotate_kek "
                f"{json.dumps(parameters)} (python -m hsm act, approve, perform), and run this again."
            )
        act = administer.draft("rotate_kek", parameters, now=int(time.time()))
        client = KeyProcess(options.socket)
        try:
            return client.perform(act, [administer.approve(act, key) for key in options.key])
        finally:
            client.close()

    rotated = rotate(read_ceremony(options.file), options.to, perform=perform, progress=Bar())
    return asdict(rotated)


class Bar:
    """``done`` of ``total`` on a terminal's one line, or every ten seconds in a log."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._shown_at = float("-inf")

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - self._shown_at < (0.1 if terminal else 10.0) and done < total:
            return
        self._shown_at = now
        rate = done / max(now - self._started, 0.001)
        left = (total - done) / rate if rate else 0.0
        filled = BAR * done // total if total else BAR
        line = f"{'█' * filled}{'░' * (BAR - filled)} {done:,}/{total:,} {rate:,.0f}/s {left:,.0f} s"
        sys.stderr.write(f"\r{line}\033[K" if terminal else f"{line}\n")
        if terminal and done >= total:
            sys.stderr.write("\n")
        sys.stderr.flush()
