"""``antin verify``"""

from pathlib import Path
from typing import Annotated, Any

import typer

from antin.command.exits import INDETERMINATE, INVALID, VALID
from antin.command.options import Config, Json, ProfileName, find_profile
from antin.command.signature_lines import reasons, signature_lines
from antin.command.speak import answer, progress_bar
from antin.config import Profile
from antin.source import source_of
from antin.verify import Verdict, read_answer

_EXITS = {"valid": VALID, "invalid": INVALID, "indeterminate": INDETERMINATE}
_WORDS = {
    "valid": "HỢP LỆ / VALID",
    "invalid": "KHÔNG HỢP LỆ / INVALID",
    "indeterminate": "CHƯA KẾT LUẬN ĐƯỢC / INDETERMINATE",
}


def verify(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp PDF đã ký / the signed PDF.")],
    url: Annotated[
        str, typer.Option(help="Địa chỉ dịch vụ, thay cấu hình / the service, instead of a profile.")
    ] = "",
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Kiểm tra chữ ký / verify: exit 0 valid, 1 invalid, 2 indeterminate, 3 and up: not verified."""
    chosen = Profile(base_url=url) if url else find_profile(context, config, profile)
    # Verifying needs no login: a broken key file must not stand in its way.
    anonymous = Profile(base_url=chosen.base_url, ca_file=chosen.ca_file, allow_http=chosen.allow_http)
    source = source_of(file)
    with anonymous.client() as client, progress_bar(source.size, as_json=as_json) as tell:
        verdict = client.verify(file, tell)
    answer(verdict.members, as_json=as_json, lines=_lines(file, verdict))
    raise typer.Exit(_EXITS[verdict.answer])


def _lines(file: Path, verdict: Verdict) -> list[str]:
    members = verdict.members
    unsigned = members.get("verdict") == "NO_SIGNATURE"
    word = "KHÔNG CÓ CHỮ KÝ / NOT SIGNED" if unsigned else _WORDS[verdict.answer]
    lines = [f"{file}: {word}", *_said(members, "  "), *reasons(members, "  ")]
    for number, signature in enumerate(verdict.signatures, 1):
        lines.append(f"  Chữ ký / signature {number}: {_WORDS[read_answer(signature)]}")
        lines += signature_lines(signature, "    ")
    return lines


def _said(members: dict[str, Any], indent: str) -> list[str]:
    said = " / ".join(str(members[name]) for name in ("title", "title_en") if members.get(name))
    return [f"{indent}{said}"] if said else []
