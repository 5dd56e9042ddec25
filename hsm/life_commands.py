"""Commands for credentials' lives: the radar, renewal, KEK rotation, backup and its rehearsal."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hsm import administer
from hsm.client import KeyProcess

AddCommand = Callable[[str, Any, str], argparse.ArgumentParser]
SOCKET = "unix:run/hsm-admin.sock"
BAR = 30


def add_commands(add: AddCommand) -> None:
    """Add ``radar``, ``renew``, ``rotate-kek``, ``backup`` and ``rehearse-restore`` to the parser."""
    radar = add("radar", _radar, "certificates that end within 90, 30, 7 days (settings: HSM_*)")
    radar.add_argument("--days", type=int, default=90)
    rotate = add("rotate-kek", _rotate_kek, "replace the KEK and wrap every key anew, in the vault")
    rotate.add_argument("file", type=Path, help="the ceremony's file, with a [vault]")
    rotate.add_argument("--to", required=True, help="the new KEK's label")
    rotate.add_argument("--key", type=Path, action="append", default=[], help="of an approver; twice")
    rotate.add_argument("--socket", default=SOCKET)


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
            return administer.perform(client, act, [administer.approve(act, key) for key in options.key])
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
