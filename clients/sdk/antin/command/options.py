"""Options that several commands share, and how a profile is found from them."""

from pathlib import Path
from typing import Annotated

import typer

from antin.command.speak import note
from antin.config import Profile, config_path, load_profile
from antin.errors import ConfigError
from antin.keys import find_readers

Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Tệp cấu hình / configuration file.")
]
ProfileName = Annotated[
    str, typer.Option("--profile", envvar="ANTIN_PROFILE", help="Hồ sơ trong cấu hình / profile to use.")
]
Json = Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")]
Force = Annotated[bool, typer.Option("--force", help="Ghi đè tệp ra / replace the output.")]
Output = Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Tệp ra / output file.")]
VerifierKey = Annotated[
    str, typer.Option("--key", metavar="VKEY", help="Khóa nhật ký / the journal's verifier key (C2SP).")
]


def find_profile(context: typer.Context, config: Path | None, name: str) -> Profile:
    """The profile of a command: its own options first, then those before the command's name."""
    outer = context.find_root().params
    path = config_path(config or outer.get("config"))
    profile = load_profile(path, name or str(outer.get("profile") or ""))
    if profile.key_file and Path(profile.key_file).exists() and find_readers(profile.key_file):
        note(
            f"người khác đọc được khóa {profile.key_file}; chạy: chmod 600 {profile.key_file}",
            f"others can read the key {profile.key_file}; run: chmod 600 {profile.key_file}",
        )
    return profile


def verifier_key(context: typer.Context, config: Path | None, name: str, given: str) -> str:
    """The journal's key: as given, else the profile's. Raises ConfigError: it is never asked for online."""
    if given:
        return given
    try:
        found = find_profile(context, config, name).verifier_key
    except ConfigError:
        found = ""
    if not found:
        raise ConfigError(
            "Cần khóa nhật ký: thêm --key VKEY, hoặc verifier_key trong cấu hình.",
            "The journal's key is needed: add --key VKEY, or verifier_key in the configuration.",
        )
    return found
