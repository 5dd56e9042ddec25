"""``antin config``"""

from dataclasses import asdict
from typing import Annotated

import typer

from antin.command.options import Config, Json, ProfileName
from antin.command.speak import answer
from antin.config import EXAMPLE, config_path, load_profiles
from antin.errors import ConfigError


def config(
    context: typer.Context,
    *,
    example: Annotated[bool, typer.Option("--example", help="In tệp mẫu / print an example.")] = False,
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Xem cấu hình đang dùng / show the configuration in use."""
    if example:
        answer({"example": EXAMPLE}, as_json=as_json, lines=[EXAMPLE])
        return
    outer = context.find_root().params
    path = config_path(config or outer.get("config"))
    default, profiles = load_profiles(path)
    chosen = profile or str(outer.get("profile") or "") or default
    if chosen not in profiles:
        raise ConfigError(f"Không có hồ sơ {chosen}.", f"There is no profile {chosen}.")
    shown = {name: {k: v for k, v in asdict(one).items() if v} for name, one in profiles.items()}
    lines = [f"Tệp / file: {path}"]
    for name, members in shown.items():
        lines.append(f"[{name}]{' (đang dùng / in use)' if name == chosen else ''}")
        lines += [f"  {member} = {value}" for member, value in members.items()]
    answer({"file": str(path), "profile": chosen, "profiles": shown}, as_json=as_json, lines=lines)
