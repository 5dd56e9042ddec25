"""``antin keys``"""

import json
from pathlib import Path
from typing import Annotated

import typer

from antin.command.options import Json
from antin.command.speak import answer
from antin.keys import load_key, new_key, write_key

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Khóa của hệ thống / client keys.")
KeyFile = Annotated[Path, typer.Argument(metavar="FILE", help="Tệp khóa / the key file.")]


@app.command("new")
def new(
    file: KeyFile,
    *,
    algorithm: Annotated[str, typer.Option(help="ES256 | PS256 | EdDSA")] = "ES256",
    key_id: Annotated[str, typer.Option("--kid", help="Mã khóa / key id; the thumbprint unless given.")] = "",
    as_json: Json = False,
) -> None:
    """Tạo khóa (quyền 0600), in phần công khai / make a key, print its public JWK to register."""
    key = new_key(algorithm, key_id)
    write_key(key, file)
    public = key.public_jwk()
    lines = [
        f"Đã tạo khóa riêng / private key: {file}. Không gửi tệp này cho ai / never send this file.",
        "Đăng ký JWK công khai này / register this public JWK:",
        json.dumps(public),
    ]
    answer({"key_file": str(file), "public_jwk": public}, as_json=as_json, lines=lines)


@app.command("public")
def public(file: KeyFile, *, as_json: Json = False) -> None:
    """In phần công khai của khóa / print a key's public JWK."""
    jwk = load_key(file).public_jwk()
    answer({"public_jwk": jwk}, as_json=as_json, lines=[json.dumps(jwk)])
