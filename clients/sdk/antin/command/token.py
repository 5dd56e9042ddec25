"""``antin token``: the only command that prints a token."""

from pathlib import Path
from typing import Annotated

import typer

from antin.command.options import Config, Json, ProfileName, find_profile
from antin.command.speak import answer
from antin.errors import ConfigError
from antin.oauth import signing_details
from antin.source import source_of


def token(
    context: typer.Context,
    *,
    scope: Annotated[str, typer.Option(help="Phạm vi / scope.")] = "sign",
    resource: Annotated[str, typer.Option(help="Dịch vụ nhận token / resource (RFC 8707).")] = "",
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Chỉ để ký tệp này / bind it to this file.")
    ] = None,
    title: Annotated[str, typer.Option(help="Tiêu đề của tệp / the file's title.")] = "",
    credential: Annotated[
        str, typer.Option("--credential", metavar="ID", help="Chứng thư / credential.")
    ] = "",
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """In token cho curl; coi như mật khẩu / print a token for curl; treat it as a password."""
    chosen = find_profile(context, config, profile)
    details = None
    if file is not None:
        credential_id = credential or chosen.credential_id
        if not credential_id:
            raise ConfigError("--file cần --credential ID.", "--file needs --credential ID.")
        source = source_of(file)
        details = signing_details(credential_id, source.hash(), title or source.name)
    with chosen.client() as client:
        got = client.token(scope, resource=resource, authorization_details=details)
    members = {"access_token": got.value, "scope": got.scope, "expires_at": got.expires_at.isoformat()}
    answer(members, as_json=as_json, lines=[got.value])
