"""``antin journal``"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from antin.command.exits import INVALID
from antin.command.options import (
    Config,
    Force,
    Json,
    Output,
    ProfileName,
    VerifierKey,
    find_profile,
    verifier_key,
)
from antin.command.speak import answer, progress_bar
from antin.delivery import Delivery, check_output
from antin.errors import ConfigError, ProofRefused
from antin.proofs import verify_journal

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Nhật ký ký số / the journal.")


@app.command("export")
def export(
    context: typer.Context,
    *,
    output: Output,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Nơi lưu checkpoint; OUT.checkpoint / its file.")
    ] = None,
    force: Force = False,
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Tải nhật ký và checkpoint / fetch all entries and the checkpoint that commits to them."""
    beside = checkpoint or output.with_name(f"{output.name}.checkpoint")
    if beside.absolute() == output.absolute():
        raise ConfigError("--checkpoint trùng với -o.", "--checkpoint and -o are the same file.")
    check_output(beside, replace=force)
    with (
        Delivery(output, replace=force) as entries,
        find_profile(context, config, profile).client() as client,
        progress_bar(1 << 30, as_json=as_json) as tell,
    ):
        newest = client.checkpoint()
        for line in client.export_journal(newest, tell):
            entries.write(line.encode() + b"\n")
        with Delivery(beside, replace=force) as note:
            note.write(newest.text.encode())
            note.keep()
        entries.keep()
    members = {
        "output": str(output),
        "checkpoint": str(beside),
        "entries": newest.size,
        "verifier_key": newest.verifier_key,
    }
    lines = [
        f"Đã lưu {newest.size} mục / entries kept: {output}, checkpoint {beside}",
        f"Khóa do dịch vụ nêu / key the service names: {newest.verifier_key}",
        f"Kiểm tra / verify: antin journal verify {output} --checkpoint {beside} --key VKEY",
    ]
    answer(members, as_json=as_json, lines=lines)


@app.command("verify")
def verify(
    context: typer.Context,
    *,
    entries: Annotated[Path, typer.Argument(metavar="EXPORT", help="Các mục, NDJSON / the entries.")],
    checkpoint: Annotated[Path, typer.Option(metavar="FILE", help="Checkpoint (C2SP).")],
    key: VerifierKey = "",
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Kiểm tra nhật ký, không cần mạng / verify an exported journal offline: exit 0 or 1."""
    vkey = verifier_key(context, config, profile, key)
    try:
        summary = verify_journal(entries, checkpoint, vkey)
    except ProofRefused as error:
        answer(
            {"valid": False, "message": error.vi, "message_en": error.en},
            as_json=as_json,
            lines=[f"KHÔNG HỢP LỆ / INVALID: {error.vi}", error.en],
        )
        raise typer.Exit(INVALID) from error
    facts = asdict(summary)
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in facts.items()}
    lines = [f"HỢP LỆ / VALID: {entries}", *(f"  {name}: {value}" for name, value in shown.items())]
    answer({"valid": True, "summary": shown}, as_json=as_json, lines=lines)
