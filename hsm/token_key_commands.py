"""``python -m hsm rotate-token-keys``: the next step of replacing a token key, when its time has come."""

import argparse
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from hsm import administer
from hsm.client import KeyProcess
from hsm.errors import HsmError
from hsm.life_commands import SOCKET
from hsm.subcommands import AddCommand
from hsm.token_key_rotation import Step, find_token_keys, next_step

DAY = 86400


class NotYet(HsmError):
    """The step is known and its time has not come: nothing was done."""


def add_token_key_commands(add: AddCommand) -> None:
    """Add ``rotate-token-keys``."""
    rotate = add("rotate-token-keys", _rotate, "announce, activate, retire or remove a token key (HSM_*)")
    rotate.add_argument("--profile", default="oidc-token", help="of policies/key-profiles.toml")
    rotate.add_argument("--days", type=int, default=60, help="that a key signs before the next is announced")
    rotate.add_argument(
        "--emergency",
        action="store_true",
        help="the current key is not trusted: all steps at once; tokens that it signed die",
    )
    rotate.add_argument("--training", action="store_true", help="the new key is for training")
    rotate.add_argument("--plan", action="store_true", help="say what comes next and do nothing")
    rotate.add_argument("-o", "--output", type=Path, help="write the act here, for the administrators")
    rotate.add_argument("--key", type=Path, action="append", default=[], help="of an approver; twice")
    rotate.add_argument("--socket", default=SOCKET)


def _rotate(options: argparse.Namespace) -> dict[str, Any] | list[dict[str, Any]]:
    done: list[dict[str, Any]] = []
    while True:
        step = _next(options)
        if options.plan:
            return _told(step)
        now = int(time.time())
        if now < step.due_at:
            raise NotYet(f"{step.action}: not before {_when(step.due_at)} ({step.why}).")
        parameters = _parameters(step, options)
        act = administer.draft(step.action, parameters, now=now)
        if options.output:
            options.output.write_bytes(act)
            sys.stderr.write(
                f"Have two administrators approve {options.output}, then: python -m hsm perform\n"
            )
            return _told(step)
        client = KeyProcess(options.socket)
        try:
            result = client.perform(act, [administer.approve(act, key) for key in options.key])
        finally:
            client.close()
        done.append({"action": step.action, **result})
        if not options.emergency or step.action == "destroy_credential":
            return done


def _next(options: argparse.Namespace) -> Step:
    from hsm.database import Database  # noqa: PLC0415 -- not for the other commands
    from hsm.settings import Settings  # noqa: PLC0415

    database = Database(Settings.from_environment().database_url)
    try:
        with database.reading() as connection:
            keys = find_token_keys(connection, options.profile)
    finally:
        database.close()
    return next_step(keys, int(time.time()), rotate_after=options.days * DAY, emergency=options.emergency)


def _parameters(step: Step, options: argparse.Namespace) -> dict[str, Any]:
    if step.credential_id:
        return {"credential_id": step.credential_id}
    return {
        "profile": options.profile,
        "holder": "idp",
        "description": "Khóa ký mã thông báo",
        "training": options.training,
    }


def _told(step: Step) -> dict[str, Any]:
    return asdict(step) | {"due": _when(step.due_at)}


def _when(moment: int) -> str:
    return datetime.fromtimestamp(moment).astimezone().isoformat()
