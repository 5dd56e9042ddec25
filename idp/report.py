"""``python -m idp kpi`` and ``python -m idp evidence verify``: numbers, and whether they can be trusted."""

import argparse
import sys
import time
from datetime import date, datetime, timedelta, timezone
from typing import Any

import orjson

from idp.evidence.catalogue import RETENTION_DAYS
from idp.evidence.kpi import report_kpi
from idp.store.database import Database
from idp.store.evidence_seals import verify

# Not policies.local_time: the image of this context holds nothing of policies, whose engine comes along.
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


def add_report_commands(commands: Any) -> None:
    """``commands``: argparse's subparsers."""
    kpi = commands.add_parser("kpi", help="chỉ tiêu từ nhật ký bằng chứng / indicators from the evidence")
    kpi.add_argument("--from", dest="since", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    kpi.add_argument(
        "--to", dest="until", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD",
        help="ngày cuối, tính cả ngày đó / the last day, included",
    )  # fmt: skip
    kpi.add_argument("--systems", type=int, default=0, help="tổng số hệ thống của tỉnh / systems in all")
    kpi.add_argument("--json", action="store_true")
    evidence = commands.add_parser("evidence", help="kiểm tra nhật ký bằng chứng / check the evidence")
    evidence.add_subparsers(dest="act", required=True).add_parser("verify")


def run_report(database: Database, options: argparse.Namespace) -> int:
    """Exit code 1: the evidence does not hold, or the days are in the wrong order."""
    return _verify(database) if options.command == "evidence" else _kpi(database, options)


def day_bounds(first: date, last: date) -> tuple[int, int]:
    """Unix seconds from the first day's midnight here to the midnight after the last."""
    start = datetime(first.year, first.month, first.day, tzinfo=VIETNAM)
    end = datetime(last.year, last.month, last.day, tzinfo=VIETNAM) + timedelta(days=1)
    return int(start.timestamp()), int(end.timestamp())


def _kpi(database: Database, options: argparse.Namespace) -> int:
    since, until = day_bounds(options.since, options.until)
    if since >= until:
        print("Ngày đầu phải trước ngày cuối.\nThe first day must come before the last.", file=sys.stderr)
        return 1
    with database.reading() as connection:
        report = report_kpi(connection, since, until, systems_total=options.systems)
    if options.json:
        print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
        return 0
    transactions, persons = report["transactions"], report["persons"]
    shown = [
        (
            "Giao dịch được xác thực / transactions authenticated",
            _of(transactions, "authenticated", "reported"),
        ),
        *((f"  {tier['tier']}", _of(tier, "authenticated", "reported")) for tier in transactions["tiers"]),
        (
            "Người có định danh hợp nhất / persons with one identity",
            _of(persons, "identified", "participating"),
        ),
        ("Hệ thống đã kết nối / systems connected", str(report["systems"]["connected"])),
    ]
    for label, value in shown:
        print(f"{label}: {value}")
    return 0


def _of(numbers: dict[str, Any], part: str, whole: str) -> str:
    share = "" if numbers["share"] is None else f" ({numbers['share']:.2%})"
    return f"{numbers[part]} / {numbers[whole]}{share}"


def _verify(database: Database) -> int:
    now = int(time.time())
    with database.reading() as connection:
        problems = list(verify(connection, retained_since=now - (RETENTION_DAYS - 1) * 86400))
    for problem in problems:
        print(problem)
    if not problems:
        print("Nhật ký bằng chứng nguyên vẹn. The evidence holds.")
    return 1 if problems else 0
