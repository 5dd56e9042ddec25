"""``antin passkey``: a software passkey, for development and training."""

import json
from pathlib import Path
from typing import Annotated

import typer

from antin.command.options import Force, Json, Output
from antin.command.speak import answer
from antin.delivery import Delivery
from antin.errors import ConfigError
from antin.software_passkey import (
    NOTE,
    SoftwarePasskey,
    read_software_passkey,
    write_software_passkey,
)

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True,
    help="Khóa truy cập phần mềm, để thử và tập huấn / software passkeys, for development and training.",
)  # fmt: skip
PasskeyFile = Annotated[Path, typer.Argument(metavar="FILE", help="Tệp khóa truy cập / the passkey's file.")]


@app.command("new")
def new(
    file: PasskeyFile,
    *,
    rp_id: Annotated[str, typer.Option("--rp-id", help="RP ID của nơi giữ khóa / the key process's.")],
    origin: Annotated[str, typer.Option("--origin", help="Trang phê duyệt / the page of approvals.")],
    as_json: Json = False,
) -> None:
    """Tạo khóa truy cập phần mềm (quyền 0600) / make a software passkey."""
    passkey = SoftwarePasskey.new(rp_id, origin)
    write_software_passkey(passkey, file)
    lines = [f"Đã tạo / made: {file}. {NOTE}.", "Tiếp theo / next: antin passkey register"]
    answer({"passkey_file": str(file), "rp_id": rp_id, "origin": origin}, as_json=as_json, lines=lines)


@app.command("register")
def register(
    file: PasskeyFile,
    invitation: Annotated[
        Path, typer.Argument(metavar="INVITATION", help="Lời mời / the act invite_passkey, as it came.")
    ],
    *,
    output: Output,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Trả lời lời mời ghi nhận / answer an invitation to enrol."""
    passkey = read_software_passkey(file)
    text = _read(invitation)
    with Delivery(output, replace=force) as delivery:
        delivery.write((json.dumps(passkey.register(text), indent=2) + "\n").encode())
        delivery.keep()
    line = f"Đã ghi {output}: hai quản trị viên phê duyệt enrol_passkey / two administrators approve it now."
    answer({"registration": str(output)}, as_json=as_json, lines=[line])


@app.command("approve")
def approve(
    file: PasskeyFile,
    act: Annotated[
        Path, typer.Argument(metavar="ACT", help="Việc hành chính / an administrative act, as it came.")
    ],
    *,
    output: Output,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Phê duyệt phần của mình trong một việc hành chính / approve your part in an administrative act."""
    passkey = read_software_passkey(file)
    text = _read(act)
    try:
        shown = json.loads(text)["action"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{act} không phải việc hành chính.", f"{act} is not an administrative act."
        ) from error
    with Delivery(output, replace=force) as delivery:
        delivery.write((json.dumps(passkey.approve(text), indent=2) + "\n").encode())
        delivery.keep()
    line = f"Đã phê duyệt / approved: {shown} → {output}"
    answer({"approval": str(output), "action": shown}, as_json=as_json, lines=[line, text.decode()])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"Không đọc được {path}: {error.strerror}.", f"Cannot read {path}: {error.strerror}."
        ) from error
