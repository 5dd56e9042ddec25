"""What a verdict means for the person who reads it, and what to do now. Words of the street, not of ETSI."""

from typing import Any

from flask_babel import gettext


def _(text: str) -> str:
    return str(gettext(text))


OUTCOMES = {
    "TOTAL_PASSED": "passed",
    "INDETERMINATE": "open",
    "TOTAL_FAILED": "failed",
    "NO_SIGNATURE": "unsigned",
}


# Of what came later, and of trust: none of them says that the signed bytes themselves were touched.
_AFTER_SIGNING = frozenset(
    {
        "changed-after-signing",
        "annotated-after-signing",
        "overlay",
        "trailing-data",
        "status-unknown",
        "untrusted",
        "expired",
        "no-proof-of-time",
    }
)


def outcome_of(verdict: str) -> str:
    """``passed``, ``open``, ``failed`` or ``unsigned``. Raises KeyError for a word that we do not know."""
    return OUTCOMES[verdict]


def heading(outcome: str) -> str:
    """The verdict in one line."""
    return {
        "passed": _("Chữ ký số hợp lệ"),
        "open": _("Chưa kết luận được"),
        "failed": _("Chữ ký số KHÔNG hợp lệ"),
        "unsigned": _("Tài liệu không có chữ ký số"),
    }[outcome]


def meaning(outcome: str, reasons: set[str]) -> str:
    """The verdict in a sentence."""
    if outcome == "open" and "encrypted" in reasons:
        return _("Tệp được bảo vệ bằng mật khẩu nên không đọc được chữ ký bên trong.")
    if outcome == "open" and reasons & {"unreadable", "crashed", "too-costly"}:
        return _("Tệp bị hỏng hoặc không đúng chuẩn PDF nên không đọc được chữ ký bên trong.")
    if outcome == "failed" and "signed-after-revocation" in reasons:
        return _("Chữ ký được tạo sau khi chứng thư số đã bị thu hồi. Đừng dựa vào tài liệu này.")
    return {
        "passed": _(
            "Nội dung đã ký còn nguyên vẹn, chứng thư số có hiệu lực khi ký, và người ký được nêu dưới đây."
        ),
        "open": _(
            "Có chữ ký số, nhưng chưa đủ căn cứ để nói là hợp lệ. Điều này không có nghĩa là tài liệu giả."
        ),
        "failed": _("Tài liệu đã bị thay đổi sau khi ký, hoặc chữ ký không đúng. Đừng dựa vào tài liệu này."),
        "unsigned": _("Không ai ký số vào tệp này. Chữ ký hay con dấu nhìn thấy trên trang chỉ là hình ảnh."),
    }[outcome]


def can_be_cut(signature: dict[str, Any]) -> bool:
    """Whether the file cut at this signature's end is what its signer signed, and less than the whole.

    A signature whose own content was changed covers nothing that could be offered as signed.
    """
    if not signature.get("signed_length") or signature.get("covers_whole_file"):
        return False
    if signature.get("integrity") == "intact":
        return True
    said = {str(reason["code"]) for reason in signature.get("reasons", ())}
    return "changed-after-signing" in said and said <= _AFTER_SIGNING


def advise(outcome: str, reasons: set[str], *, cut: bool) -> list[str]:
    """What to do now, the most useful first. ``cut``: a signed revision can be downloaded."""
    if outcome == "passed":
        return _for_passed(reasons)
    if outcome == "failed":
        told = [
            _("Xin lại bản gốc từ cơ quan đã ban hành, rồi kiểm tra lại."),
            _("Nếu nghi ngờ giả mạo, gửi tệp và báo cáo này cho cơ quan ghi trên tài liệu."),
        ]
        revision = _("Nội dung trước khi bị thay đổi vẫn còn: tải “bản đã ký” ở chữ ký bên dưới.")
        return [*told, revision] if cut else told
    if outcome == "unsigned":
        return [
            _("Nếu đây là bản chụp hoặc bản in lại, hãy xin tệp PDF gốc có chữ ký số."),
            _("Nếu tệp được lưu lại từ phần mềm khác, chữ ký có thể đã mất: hãy tải lại từ nơi đã nhận."),
        ]
    return _for_open(reasons)


def _for_passed(reasons: set[str]) -> list[str]:
    told = []
    if "unsigned-tail" in reasons:
        told.append(_("Sau chữ ký cuối cùng tệp có phần bổ sung: xem danh sách thay đổi bên dưới."))
    return [*told, _("Hãy xem người ký và cơ quan có đúng là nơi bạn mong đợi không.")]


def _for_open(reasons: set[str]) -> list[str]:
    told = []
    if "encrypted" in reasons:
        told.append(_("Xin bản không đặt mật khẩu từ nơi đã gửi tệp; đừng bỏ mật khẩu bằng phần mềm khác."))
    if reasons & {"unreadable", "crashed", "too-costly"}:
        told.append(_("Tải lại tệp từ nơi đã nhận: tệp có thể bị hỏng khi tải hoặc khi chuyển tiếp."))
    if "status-unknown" in reasons:
        told.append(
            _("Nơi cấp chứng thư số chưa trả lời về trạng thái thu hồi: hãy kiểm tra lại sau ít phút.")
        )
    if "untrusted" in reasons:
        told.append(_("Chứng thư số do tổ chức mà hệ thống này không tin cậy cấp: hãy hỏi cơ quan ban hành."))
    if reasons & {"expired", "revoked", "no-proof-of-time"}:
        told.append(
            _("Không có dấu thời gian chứng minh đã ký khi chứng thư còn hiệu lực: hãy xin bản ký lại.")
        )
    return [*told, _("Khi cần dùng cho thủ tục quan trọng, hãy hỏi cơ quan đã ban hành.")]


def codes(members: dict[str, Any]) -> set[str]:
    """The codes of all reasons and warnings of a verdict and of its signatures."""
    found = set()
    for one in (members, *members.get("signatures", ()), *members.get("timestamps", ())):
        found |= {str(each["code"]) for name in ("reasons", "warnings") for each in one.get(name, ())}
    return found
