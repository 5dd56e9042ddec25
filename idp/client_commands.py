"""``python -m idp clients lint | rotate-secret`` and ``python -m idp initial-access-token``."""

import argparse
import time
from dataclasses import asdict
from typing import Any

from idp.directory.agency_code import read_agency_code
from idp.errors import RegistrationRefused
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.outbound.client import OutboundClient
from idp.outbound.reach import Reach
from idp.protocol.client_metadata import BASELINE, FAPI2
from idp.registration.lint import ERROR
from idp.registration.look_after import LookAfter
from idp.settings import Settings
from idp.store.database import Database
from idp.store.initial_access_tokens import (
    DEFAULT_SCOPES,
    InitialAccess,
    end_initial_access,
    find_initial_accesses,
    issue_initial_access,
)

DAY = 86400
MAX_DAYS, MAX_USES, MAX_BASELINE_DAYS = 90, 1000, 365
COMMAND_LINE = "command-line"


def add_initial_access_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "initial-access-token", help="mã cho phép tự đăng ký / lets a system register itself"
    )
    acts = parser.add_subparsers(dest="act", required=True)
    issue = acts.add_parser("issue", help="cấp, in ra một lần / issue, shown once")
    issue.add_argument("label", help="cho ai / for whom")
    issue.add_argument("--uses", type=int, default=1)
    issue.add_argument("--days", type=int, default=7)
    issue.add_argument("--agency", default="", help="mã cơ quan / agency code, H47.12")
    issue.add_argument("--scope", action="append", default=[], help="lặp lại được / may repeat")
    issue.add_argument("--baseline-days", type=int, default=0, help="ngoại lệ baseline / an exception")
    acts.add_parser("list", help="liệt kê / list")
    acts.add_parser("end", help="chấm dứt / end").add_argument("token_id")
    for act in acts.choices.values():
        act.add_argument("--json", action="store_true")


def add_lint_parsers(acts: Any) -> None:
    lint = acts.add_parser("lint", help="tìm điều sẽ gây sự cố / find what will hurt one day")
    lint.add_argument("client_id", nargs="?", default="")
    lint.add_argument("--reach", action="store_true", help="thử lấy jwks_uri / also fetch each jwks_uri")
    rotate = acts.add_parser("rotate-secret", help="khóa bí mật mới / a new secret, shown once")
    rotate.add_argument("client_id")
    rotate.add_argument("--days", type=int, default=180)
    rotate.add_argument("--overlap-days", type=int, default=14)


def run_initial_access(database: Database, options: argparse.Namespace) -> list[dict[str, Any]]:
    now = int(time.time())
    if options.act == "issue":
        access, token = _issue(database, options, now)
        return [{**asdict(access), "token": token}]
    if options.act == "end":
        with database.writing() as connection:
            if not end_initial_access(connection, options.token_id):
                raise RegistrationRefused(
                    f"Không có mã {options.token_id}.", f"There is no token {options.token_id}."
                )
    with database.reading() as connection:
        return [asdict(each) for each in find_initial_accesses(connection)]


def run_lint(
    database: Database, settings: Settings, options: argparse.Namespace
) -> tuple[list[dict[str, Any]], int]:
    """The findings, and the exit code: 1 when one of them is an error."""
    named = (options.client_id,) if options.client_id else ()
    look_after = _look_after(database, settings)
    if named:
        look_after.find(options.client_id)
    found = look_after.findings(int(time.time()), named, reach=options.reach)
    shown = [{"client_id": client_id, **asdict(each)} for client_id, all_ in found.items() for each in all_]
    return shown, int(any(each["severity"] == ERROR for each in shown))


def run_rotate(database: Database, settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    changed, secret = _look_after(database, settings).rotate_secret(
        options.client_id,
        by=COMMAND_LINE,
        now=int(time.time()),
        days=options.days,
        overlap_days=options.overlap_days,
    )
    return {
        "client_id": changed.client_id,
        "client_secret": secret,
        "client_secret_expires_at": changed.metadata.secret_expires_at,
    }


def _issue(database: Database, options: argparse.Namespace, now: int) -> tuple[InitialAccess, str]:
    _within(options.uses, 1, MAX_USES, "--uses")
    _within(options.days, 1, MAX_DAYS, "--days")
    _within(options.baseline_days, 0, MAX_BASELINE_DAYS, "--baseline-days")
    baseline = options.baseline_days > 0
    evidence = EvidenceRecorder(database, lambda: now)
    with database.writing() as connection:
        access, token = issue_initial_access(
            connection,
            label=options.label[:200],
            issued_by=COMMAND_LINE,
            expires_at=now + options.days * DAY,
            uses=options.uses,
            profile=BASELINE if baseline else FAPI2,
            profile_until=now + options.baseline_days * DAY if baseline else 0,
            agency=read_agency_code(options.agency) if options.agency else "",
            scopes=options.scope or DEFAULT_SCOPES,
            now=now,
        )
        details = {"expires_at": access.expires_at, "by": COMMAND_LINE}
        evidence.record_within(connection, Event("client.token_issued", now, details=details))
    return access, token


def _within(value: int, low: int, high: int, name: str) -> None:
    if not low <= value <= high:
        raise RegistrationRefused(f"{name} từ {low} đến {high}.", f"{name} is {low} to {high}.")


def _look_after(database: Database, settings: Settings) -> LookAfter:
    reach = Reach(settings.outbound_networks, loopback=settings.is_loopback)
    outbound = OutboundClient(reach, ca_file=settings.outbound_ca_file, seconds=settings.outbound_seconds)
    evidence = EvidenceRecorder(database, lambda: int(time.time()))
    # Nothing is cached here; running services look again within seconds.
    return LookAfter(database, outbound, evidence, forget=lambda _client_id: None)
