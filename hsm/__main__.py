"""python -m hsm serve | migrate | ceremony | act | approve | perform | enrol | checkpoint | anchors | uses |
erase-acts | radar | renew | rotate-kek | rotate-token-keys | backup | rehearse-restore | try-copy | policy |
office | ask | enrol-passkey.
"""

import argparse
import json
import logging
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from hsm import administer
from hsm.acts.act import parse_admin_act
from hsm.ask_commands import add_commands as add_ask_commands
from hsm.ask_commands import add_page, asked_approvals
from hsm.client import KeyProcess
from hsm.enrol import enrol
from hsm.enrol.devca import DevelopmentAuthority
from hsm.enrol.manual import ManualAuthority
from hsm.errors import HsmError
from hsm.journal_commands import add_commands
from hsm.life_commands import add_commands as add_life_commands
from hsm.office_commands import add_commands as add_office_commands
from hsm.policy_commands import add_commands as add_policy_commands
from hsm.token_key_commands import add_token_key_commands


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit status: 0 done, 1 refused or failed, 2 wrong usage; 3: hsm.policy_commands."""
    options = _parser().parse_args(arguments)
    _configure_log()
    try:
        result = options.run(options)
    except HsmError as error:
        message = {"error": type(error).__name__, "message": error.message, "detail": error.detail}
        print(json.dumps(message, ensure_ascii=False), file=sys.stderr)
        return 1
    if result is not None:
        print(json.dumps(result, ensure_ascii=False, indent=None if options.json else 2))
    return 0


def _serve(_: argparse.Namespace) -> None:
    from hsm.app import KeyProcessApp  # noqa: PLC0415 -- loads PKCS#11: not for the other commands
    from hsm.settings import Settings  # noqa: PLC0415

    app = KeyProcessApp(Settings.from_environment())
    app.start()
    app.run()


def _migrate(_: argparse.Namespace) -> dict[str, str]:
    from hsm.schema.migrate import migrate  # noqa: PLC0415
    from hsm.settings import Settings  # noqa: PLC0415

    migrate(Settings.from_environment().database_url)
    return {"migrated": "head"}


def _ceremony(options: argparse.Namespace) -> dict[str, Any]:
    from hsm.ceremony import hold_ceremony, read_ceremony  # noqa: PLC0415

    transcript = hold_ceremony(read_ceremony(options.file), now=datetime.now(UTC))
    if options.transcript:
        options.transcript.write_text(json.dumps(transcript, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return transcript


def _act(options: argparse.Namespace) -> dict[str, Any] | None:
    parameters = json.loads(options.parameters)
    act = administer.draft(options.action, parameters, now=int(datetime.now(UTC).timestamp()))
    options.output.write_bytes(act)
    return {"act": str(options.output), "action": options.action}


def _approve(options: argparse.Namespace) -> dict[str, Any]:
    act = options.act.read_bytes()
    approval = administer.approve(act, options.key)
    options.output.write_text(approval.evidence)
    return {"approved": json.loads(act), "approval": str(options.output)}


def _perform(options: argparse.Namespace) -> dict[str, Any]:
    if options.action:
        now = int(datetime.now(UTC).timestamp())
        act = administer.draft(options.action, json.loads(options.parameters), now=now)
    elif options.act:
        act = options.act.read_bytes()
    else:
        options.parser.error("an act file, or --action with --parameters")
    approvals = [administer.read_approval(path) for path in options.approvals]
    approvals += [administer.approve(act, key) for key in options.key]
    approvals += asked_approvals(options, act, options.ask)
    key_process = KeyProcess(options.socket)
    try:
        return key_process.perform(act, approvals)
    finally:
        key_process.close()


def _enrol(options: argparse.Namespace) -> dict[str, Any]:
    key_process = KeyProcess(options.socket)

    def perform(action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        approvals = []
        if options.act and action == "create_credential":
            act = options.act.read_bytes()
            approvals = [administer.read_approval(path) for path in options.approval]
        else:
            act = administer.draft(action, parameters, now=int(datetime.now(UTC).timestamp()))
        approvals += [administer.approve(act, key) for key in options.key]
        return key_process.perform(act, approvals)

    try:
        if options.credential:
            manual = ManualAuthority(options.directory)
            csr = (options.directory / f"{options.credential}.csr.pem").read_text()
            return asdict(enrol.finish(perform, manual, options.credential, csr))
        parameters = {
            "profile": options.profile,
            "holder": options.holder,
            "description": options.description,
            "subject": json.loads(options.subject),
            "training": options.authority == "devca",
        }
        if options.act:
            parameters = parse_admin_act(options.act.read_bytes()).parameters
        if options.authority == "manual":
            return asdict(enrol.start(perform, ManualAuthority(options.directory), parameters))
        secret = options.secret_file.read_text().strip()
        with DevelopmentAuthority(options.url, secret) as devca:
            return asdict(enrol.start(perform, devca, parameters))
    finally:
        key_process.close()


def _checkpoint(options: argparse.Namespace) -> dict[str, Any]:
    key_process = KeyProcess(options.socket)
    try:
        checkpoint = key_process.checkpoint()
    finally:
        key_process.close()
    return {"checkpoint": checkpoint.text, "verifier_key": checkpoint.verifier_key}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m hsm", description="The key process and its tools.")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary)
        added.set_defaults(run=run, parser=added)
        return added

    command("serve", _serve, "run the key process (settings: HSM_*)")
    command("migrate", _migrate, "bring the database to the newest schema")
    ceremony = command("ceremony", _ceremony, "make the token, its first keys and the first administrators")
    ceremony.add_argument("file", type=Path)
    ceremony.add_argument("--transcript", type=Path)
    act = command("act", _act, "draft an administrative act")
    act.add_argument("action")
    act.add_argument("--parameters", default="{}", help="JSON")
    act.add_argument("-o", "--output", type=Path, required=True)
    approve = command("approve", _approve, "approve an act with an administrator's key")
    approve.add_argument("act", type=Path)
    approve.add_argument("--key", type=Path, required=True)
    approve.add_argument("-o", "--output", type=Path, required=True)
    perform = command("perform", _perform, "have an approved act done")
    perform.add_argument("act", type=Path, nargs="?")
    perform.add_argument("approvals", type=Path, nargs="*")
    perform.add_argument("--action")
    perform.add_argument("--parameters", default="{}")
    perform.add_argument("--key", type=Path, action="append", default=[])
    perform.add_argument("--socket", default="unix:run/hsm-admin.sock")
    perform.add_argument("--ask", action="count", default=0, help="a person approves in their browser")
    add_page(perform)
    enrolment = command("enrol", _enrol, "make a credential's key, have it certified, activate it")
    enrolment.add_argument("--authority", choices=("devca", "manual"), required=True)
    enrolment.add_argument("--profile", default="service-seal", help="of policies/key-profiles.toml")
    enrolment.add_argument("--holder", default="", help="the client or person it belongs to")
    enrolment.add_argument("--description", default="")
    enrolment.add_argument("--subject", default="{}", help='JSON: {"CN": …, "O": …, "C": "VN"}')
    enrolment.add_argument("--url", default="http://127.0.0.1:8085", help="devca")
    enrolment.add_argument("--secret-file", type=Path, default=Path("run/devca/issue-secret"))
    enrolment.add_argument("--directory", type=Path, default=Path("run/requests"), help="manual")
    enrolment.add_argument("--credential", default="", help="manual: look for this one's answer")
    enrolment.add_argument("--act", type=Path, help="create_credential, as the person approved it")
    enrolment.add_argument("--approval", type=Path, action="append", default=[], help="of that act")
    enrolment.add_argument("--key", type=Path, action="append", default=[], help="of an approver; twice")
    enrolment.add_argument("--socket", default="unix:run/hsm-admin.sock")
    checkpoint = command("checkpoint", _checkpoint, "the journal's head, signed now")
    checkpoint.add_argument("--socket", default="unix:run/hsm-admin.sock")
    add_commands(command)
    add_life_commands(command)
    add_token_key_commands(command)
    add_policy_commands(command)
    add_office_commands(command)
    add_ask_commands(command)
    return parser


def _configure_log() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


if __name__ == "__main__":
    sys.exit(main())
