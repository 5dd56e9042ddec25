"""Commands for what the journal is for: check anchors, find uses, erase acts."""

import argparse
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hsm.subcommands import AddCommand


def add_commands(add: AddCommand) -> None:
    """Add ``anchors``, ``uses`` and ``erase-acts`` to the parser."""
    anchors = add("anchors", _anchors, "verify the time-stamps of a published journal, offline")
    anchors.add_argument("directory", type=Path, help="the published folder, or a copy of it")
    anchors.add_argument("--verifier-key", required=True, help="the journal's: name+hash+key")
    anchors.add_argument("--trust-anchors", type=Path, required=True, help="roots of the authorities, PEM")
    uses = add("uses", _uses, "every use of a key")
    uses.add_argument("credential")
    uses.add_argument("--start", type=int, default=0, help="a leaf index")
    uses.add_argument("--limit", type=int, default=1000)
    uses.add_argument("--socket", default="unix:run/hsm-admin.sock")
    erase = add("erase-acts", _erase, "erase titles and names of old acts; digests stay (settings: HSM_*)")
    erase.add_argument("--older-than-days", type=int, required=True, help="since the act expired")
    erase.add_argument("--administrative", action="store_true", help="acts of administrators too")


def _anchors(options: argparse.Namespace) -> list[dict[str, Any]]:
    from hsm.journal.anchor import read_anchors, verify_anchors  # noqa: PLC0415 -- not for the other commands

    roots = read_anchors(options.trust_anchors)
    return [
        {
            "size": anchor.checkpoint.size,
            "root": anchor.checkpoint.root.hex(),
            "time": anchor.timestamp.time.isoformat(),
            "authority": anchor.timestamp.authority,
        }
        for anchor in verify_anchors(options.directory, options.verifier_key, roots)
    ]


def _uses(options: argparse.Namespace) -> list[dict[str, Any]]:
    from hsm.client import KeyProcess  # noqa: PLC0415

    client = KeyProcess(options.socket)
    try:
        found = client.uses(options.credential, options.start, options.limit)
    finally:
        client.close()
    return [asdict(use) | {"entry": use.entry.decode()} for use in found]


def _erase(options: argparse.Namespace) -> dict[str, int]:
    from hsm.acts.erase import erase_acts, erase_administrative_acts  # noqa: PLC0415
    from hsm.database import Database  # noqa: PLC0415
    from hsm.settings import Settings  # noqa: PLC0415

    now = datetime.now(UTC)
    before = int((now - timedelta(days=options.older_than_days)).timestamp())
    database = Database(Settings.from_environment().database_url)
    try:
        erased = {"erased": erase_acts(database, before, now=int(now.timestamp()))}
        if options.administrative:
            moment = int(now.timestamp())
            erased["erased_administrative"] = erase_administrative_acts(database, before, now=moment)
    finally:
        database.close()
    return erased
