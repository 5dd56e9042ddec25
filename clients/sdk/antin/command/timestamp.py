"""``antin timestamp``"""

from pathlib import Path
from typing import Annotated

import typer

from antin.command.options import Config, Force, Json, Output, ProfileName, find_profile
from antin.command.speak import answer, progress_bar
from antin.delivery import Delivery
from antin.source import source_of
from antin.timestamp import as_response


def timestamp(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp bất kỳ / any file.")],
    output: Output,
    bare: Annotated[
        bool, typer.Option("--token", help="Chỉ token, không bọc / the bare token, not a response.")
    ] = False,
    force: Force = False,
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Lấy dấu thời gian RFC 3161 cho tệp / get a time-stamp for a file; only its hash is sent."""
    chosen = find_profile(context, config, profile)
    source = source_of(file)
    with Delivery(output, replace=force, source=file) as delivery:
        with chosen.client() as client, progress_bar(source.size, as_json=as_json):
            sha256 = source.hash()
            token = client.timestamp(sha256)
            delivery.write(token if bare else as_response(token))
        delivery.keep()
    lines = [
        f"Đã lưu dấu thời gian / time-stamp kept: {output} (SHA-256 {sha256.hex()})",
        f"Kiểm tra / verify: openssl ts -verify -data {file} -in {output} -CAfile ROOT.pem"
        f"{' -token_in' if bare else ''}",
    ]
    answer({"output": str(output), "sha256": sha256.hex()}, as_json=as_json, lines=lines)
