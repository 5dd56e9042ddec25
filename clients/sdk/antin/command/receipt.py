"""``antin receipt``"""

from pathlib import Path
from typing import Annotated

import typer

from antin.byte_ranges import find_range
from antin.command.exits import INVALID
from antin.command.options import Config, Force, Json, ProfileName, VerifierKey, find_profile, verifier_key
from antin.command.speak import answer
from antin.delivery import Delivery, check_output
from antin.errors import ConfigError, ProofRefused
from antin.proofs import verify_intent
from antin.receipt_file import read_receipt, receipt_text

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Biên nhận / receipts.")


@app.command("verify")
def verify(
    context: typer.Context,
    *,
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT.json", help="Biên nhận / the receipt.")],
    key: VerifierKey = "",
    signed: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Tệp đã ký mà biên nhận nói tới / the signed file it is for."),
    ] = None,
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Kiểm tra biên nhận, không cần mạng / verify a receipt offline: exit 0 or 1."""
    vkey = verifier_key(context, config, profile, key)
    read = read_receipt(receipt)
    try:
        intent = verify_intent(read, vkey)
        covered = find_range(signed, intent.digest) if signed else None
        if signed and covered is None:
            raise ProofRefused(
                f"Biên nhận đúng nhưng không phải của {signed}, hoặc tệp đã bị sửa.",
                f"The receipt verifies but is not for {signed}, or the file was changed.",
            )
    except ProofRefused as error:
        answer(
            {"valid": False, "message": error.vi, "message_en": error.en},
            as_json=as_json,
            lines=[f"KHÔNG HỢP LỆ / INVALID: {error.vi}", error.en],
        )
        raise typer.Exit(INVALID) from error
    end = covered[2] + covered[3] if covered else None
    members = {"valid": True, "entry": intent.entry, "signed": str(signed) if signed else None, "covers": end}
    lines = [
        f"HỢP LỆ / VALID: {receipt}",
        f"  Chứng thư / credential: {intent.credential_id}",
        f"  Hệ thống / client: {intent.client_id}",
        f"  Act: {intent.act_digest.hex()}",
    ]
    if signed and end is not None:
        after = signed.stat().st_size - end
        lines.append(f"  Đúng cho / is for: {signed}, {end} byte; thêm sau / added after: {after} byte")
    answer(members, as_json=as_json, lines=lines)


@app.command("get")
def get(
    context: typer.Context,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Tệp ra / output file.")],
    signature: Annotated[str, typer.Option(metavar="ID", help="Mã chữ ký / signature id.")] = "",
    leaf: Annotated[int | None, typer.Option(help="Mục nhật ký / journal entry.", min=0)] = None,
    force: Force = False,
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Lấy biên nhận / fetch the receipt of a signature or of a journal entry."""
    if bool(signature) == (leaf is not None):
        raise ConfigError("Cần đúng một: --signature hoặc --leaf.", "Give one: --signature or --leaf.")
    check_output(output, replace=force)
    with find_profile(context, config, profile).client() as client:
        found = client.receipt(leaf) if leaf is not None else client.signature_receipt(signature)
    with Delivery(output, replace=force) as delivery:
        delivery.write(receipt_text({"entry": found.get("entry"), "proof": found.get("proof")}))
        delivery.keep()
    lines = [f"Đã lưu / kept: {output}. Kiểm tra / verify: antin receipt verify {output} --key VKEY"]
    answer({"output": str(output)}, as_json=as_json, lines=lines)
