"""``antin sign``"""

from pathlib import Path
from typing import Annotated

import typer

from antin.command.options import Config, Force, Json, Output, ProfileName, find_profile
from antin.command.speak import answer, finding_line, finding_members, note, progress_bar
from antin.config import Profile
from antin.delivery import Delivery, check_output
from antin.errors import ConfigError
from antin.operation import COPY_FORMS, OPERATIONS, SECRECY, Operation
from antin.receipt_file import receipt_text
from antin.signing import LEVELS, Level, SignedDocument
from antin.software_passkey import read_software_passkey
from antin.source import source_of
from antin.visible import VisibleSignature, parse_place, read_image


def sign(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp PDF cần ký / the PDF to sign.")],
    output: Output,
    level: Annotated[str, typer.Option(help="B-B | B-T | B-LT | B-LTA")] = "B-T",
    credential: Annotated[
        str, typer.Option("--credential", metavar="ID", help="Chứng thư / credential.")
    ] = "",
    title: Annotated[str, typer.Option(help="Tiêu đề ghi khi phê duyệt / title that is approved.")] = "",
    visible: Annotated[
        str,
        typer.Option(metavar="page=-1,rect=x1:y1:x2:y2", help="Chữ ký hiện / visible, in PDF points."),
    ] = "",
    text: Annotated[str, typer.Option(help="Chữ trong khung / text of the visible signature.")] = "",
    image: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Ảnh chữ ký, con dấu / its picture.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Lý do / reason.")] = "",
    location: Annotated[str, typer.Option(help="Nơi ký / location.")] = "",
    receipt: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Lưu biên nhận / keep the receipt there.")
    ] = None,
    one_call: Annotated[
        bool, typer.Option("--one-call", help="Phê duyệt bằng token / the token is the approval.")
    ] = False,
    passkey: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Khóa truy cập phần mềm phê duyệt / a software passkey approves."),
    ] = None,
    operation: Annotated[
        str, typer.Option("--operation", help=f"Nghiệp vụ / operation: {' | '.join(OPERATIONS)}.")
    ] = "",
    capacity: Annotated[
        str, typer.Option(metavar='"KT. CHỦ TỊCH"', help="Thẩm quyền ký / capacity, lines by ' / '.")
    ] = "",
    mandate: Annotated[str, typer.Option(metavar="ID", help="Việc giao ký / mandate.")] = "",
    office: Annotated[str, typer.Option(metavar="ID", help="Đơn vị / office.")] = "",
    over: Annotated[
        str, typer.Option(metavar="ID|LEAF", help="Nối tiếp chữ ký / comes after this signature.")
    ] = "",
    copy_form: Annotated[
        str, typer.Option("--copy-form", help=f"Hình thức sao / form of the copy: {' | '.join(COPY_FORMS)}.")
    ] = "",
    number: Annotated[
        str, typer.Option(metavar="12/QĐ-UBND", help="Số, ký hiệu / number, for issue and annex.")
    ] = "",
    issued_on: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Ngày ban hành / date of issue.")] = "",
    document_kind: Annotated[str, typer.Option(metavar="KIND", help="Loại văn bản / kind.")] = "document",
    secrecy: Annotated[str, typer.Option(help=f"Độ mật / secrecy: {' | '.join(SECRECY)}.")] = "none",
    wait: Annotated[
        bool, typer.Option("--wait", help="Chờ khi TSA, OCSP vắng / wait for an absent TSA or OCSP.")
    ] = False,
    wait_seconds: Annotated[float, typer.Option(help="Chờ tối đa / at most so long.")] = 600.0,
    force: Force = False,
    config: Config = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Ký một tệp PDF / sign a PDF."""
    place = _place(visible, text, image)
    chosen = find_profile(context, config, profile)
    credential_id = credential or chosen.credential_id
    if not credential_id:
        raise ConfigError(
            "Chưa chọn chứng thư: thêm --credential ID, hoặc credential_id trong cấu hình.",
            "No credential is named: add --credential ID, or credential_id in the configuration.",
        )
    if one_call and (wait or reason or location):
        raise ConfigError(
            "--one-call không dùng cùng --wait, --reason, --location.",
            "--one-call does not go with --wait, --reason or --location.",
        )
    if one_call and passkey:
        raise ConfigError(
            "--one-call không dùng cùng --passkey: chỉ một cách phê duyệt.",
            "--one-call does not go with --passkey: there is one approval.",
        )
    typed = _operation(operation, capacity, mandate, office, over, copy_form, number, issued_on)
    if one_call and (typed or secrecy != "none"):
        raise ConfigError(
            "--one-call không dùng cùng --operation, --secrecy.",
            "--one-call does not go with --operation or --secrecy.",
        )
    source = source_of(file)
    check_output(output, replace=force, source=file)
    if receipt is not None:
        if receipt.absolute() == output.absolute():
            raise ConfigError("--receipt trùng với -o.", "--receipt and -o are the same file.")
        check_output(receipt, replace=force, source=file)
    level_ = _level(level)
    with (
        chosen.client(longest_wait=wait_seconds) as client,
        progress_bar(source.size, as_json=as_json) as tell,
    ):
        if one_call:
            signed = client.sign_in_one_call(
                file, credential_id, level_, place, title=title, output=output, force=force, progress=tell
            )
        else:
            signed = client.sign_document(
                file,
                credential_id,
                level_,
                place,
                title=title,
                output=output,
                force=force,
                on_unavailable="wait" if wait else "fail",
                reason=reason,
                location=location,
                algorithm=chosen.algorithm,
                approver=read_software_passkey(passkey) if passkey else None,
                document_kind=document_kind,
                operation=typed,
                secrecy=secrecy,
                progress=tell,
            )
    if receipt is not None:
        with Delivery(receipt, replace=force) as delivery:
            delivery.write(receipt_text(signed.receipt))
            delivery.keep()
    _say(signed, chosen, receipt, as_json=as_json)


def _say(signed: SignedDocument, profile: Profile, receipt: Path | None, *, as_json: bool) -> None:
    members = {
        "output": str(signed.path),
        "signature_id": signed.signature_id,
        "level": signed.level,
        "sha256": signed.sha256,
        "size": signed.size,
        "leaf_index": signed.leaf_index,
        "receipt": signed.receipt,
        "receipt_file": str(receipt) if receipt else None,
        "journal_key_pinned": bool(profile.verifier_key),
        "warnings": [finding_members(finding) for finding in signed.warnings],
    }
    lines = [
        f"Đã ký mức {signed.level}: {signed.path} / signed at level {signed.level}",
        f"Mã chữ ký / signature id: {signed.signature_id}",
        f"Nhật ký, mục / journal entry: {signed.leaf_index} (biên nhận đúng / receipt verified)",
        *map(finding_line, signed.warnings),
    ]
    if receipt:
        lines.append(f"Biên nhận / receipt: {receipt}")
    answer(members, as_json=as_json, lines=lines)
    if not profile.verifier_key:
        note(
            "cấu hình thiếu verifier_key: biên nhận mới đối chiếu với khóa do chính dịch vụ nêu",
            "no verifier_key in the profile: the receipt was checked with the key that the service names",
        )


def _place(visible: str, text: str, image: Path | None) -> VisibleSignature | None:
    if not visible:
        if text or image:
            raise ConfigError(
                "--text và --image cần --visible page=…,rect=….",
                "--text and --image need --visible page=…,rect=….",
            )
        return None
    page, rect = parse_place(visible)
    return VisibleSignature(page=page, rect=rect, text=text, image=read_image(image) if image else b"")


def _operation(
    name: str, capacity: str, mandate: str, office: str, over: str, *rest: str
) -> Operation | None:
    copy_form, number, issued_on = rest
    if not name:
        if any((capacity, mandate, office, over, *rest)):
            raise ConfigError(
                "--capacity, --mandate, --office, --over, --copy-form, --number, --issued-on "
                "cần --operation.",
                "--capacity, --mandate, --office, --over, --copy-form, --number and --issued-on "
                "need --operation.",
            )
        return None
    operation = Operation(name, office, capacity, mandate, copy_form, number, issued_on, over)
    operation.members()  # said wrongly, it is said now
    return operation


def _level(level: str) -> Level:
    for known in LEVELS:
        if known == level.upper():
            return known
    raise ConfigError(
        f"Không có mức {level}: chọn {', '.join(LEVELS)}.",
        f"There is no level {level}: choose {', '.join(LEVELS)}.",
    )
