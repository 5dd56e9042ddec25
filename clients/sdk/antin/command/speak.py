"""What a person reads, Vietnamese first, and what a program reads: one JSON object on stdout."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from antin.errors import AntinError, Finding, NotFinished, ServiceError
from antin.source import Progress as Tell
from antin.source import no_progress

# Smaller files are there before a bar could be read.
BAR_FROM = 4 * 1024 * 1024
_WHAT = {"upload": "Gửi / sending", "download": "Nhận / fetching"}


def answer(members: dict[str, Any], *, as_json: bool, lines: list[str]) -> None:
    """Say the result: as JSON, or as lines."""
    typer.echo(json.dumps(members, ensure_ascii=False, indent=2) if as_json else "\n".join(map(clean, lines)))


def note(vi: str, en: str) -> None:
    """Remark something on stderr, where it disturbs no program."""
    typer.echo(clean(f"Lưu ý: {vi}\nNote: {en}"), err=True)


def clean(text: str) -> str:
    """Without control characters: a service's words must not drive the terminal."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")


def fail(error: AntinError, code: int, *, as_json: bool) -> None:
    """Say an error: what is wrong and what to do, never a traceback."""
    findings = error.findings if isinstance(error, ServiceError) else ()
    if as_json:
        members: dict[str, Any] = {
            "error": type(error).__name__,
            "message": error.vi,
            "message_en": error.en,
            "exit_code": code,
        }
        if isinstance(error, NotFinished):
            members["signature_id"] = error.signature_id
        if isinstance(error, ServiceError):
            members |= {
                "status": error.status,
                "code": error.code,
                "request_id": error.request_id,
                "retry_after": error.retry_after,
                "findings": [finding_members(finding) for finding in findings],
            }
        typer.echo(json.dumps(members, ensure_ascii=False, indent=2))
        return
    lines = [f"Lỗi: {error.vi}", f"Error: {error.en}", *map(finding_line, findings)]
    if isinstance(error, ServiceError):
        if error.retry_after is not None:
            lines.append(f"Thử lại sau {error.retry_after:g} giây / try again in {error.retry_after:g} s")
        if error.request_id:
            lines.append(f"Mã yêu cầu / request id: {error.request_id}")
    typer.echo(clean("\n".join(lines)), err=True)


def finding_members(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    return {
        "code": finding.code,
        "page": finding.page,
        "message": finding.message,
        "message_en": finding.message_en,
    }


def finding_line(finding: Finding) -> str:
    """A finding as a line."""
    page = f" (trang/page {finding.page})" if finding.page else ""
    return f"  - {finding.code}{page}: {finding.message} / {finding.message_en}"


@contextmanager
def progress_bar(size: int, *, as_json: bool) -> Iterator[Tell]:
    """A bar on stderr for large files and a terminal; else silence."""
    if as_json or size < BAR_FROM or not sys.stderr.isatty():
        yield no_progress
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(_WHAT.get(what, what), total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield tell
