"""Open a PDF with pyHanko the one way this package reads documents: strictly.

One fault that scanners write is let pass, because it has one meaning only: the head of the list of free
objects with generation 65536 instead of 65535.
"""

from typing import BinaryIO

from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.reader import PdfFileReader

from signsvc.pades.errors import DocumentRefused
from signsvc.pades.findings import Finding

_FREE_LIST_HEAD = "Illegal generation 65536 for object ID 0."


def open_reader(stream: BinaryIO, *, allow_hybrid: bool = False) -> PdfFileReader:
    """Open a document. ``allow_hybrid`` accepts hybrid cross-reference tables.

    Raises DocumentRefused for a hybrid table that is not allowed, pyHanko's PdfError for what is broken.
    """
    try:
        reader = PdfFileReader(stream, strict=True)
    except PdfStrictReadError as error:
        if str(error) != _FREE_LIST_HEAD:
            raise
        stream.seek(0)
        reader = PdfFileReader(stream, strict=False)
    if reader.xrefs.hybrid_xrefs_present:
        if not allow_hybrid:
            raise DocumentRefused((HYBRID,))
        # pyHanko resolves the hidden half of hybrid tables only when it is not strict.
        stream.seek(0)
        reader = PdfFileReader(stream, strict=False)
    return reader


HYBRID = Finding(
    "hybrid-xref",
    "refuse",
    "tệp dùng bảng tham chiếu lai: phần mềm cũ và mới có thể đọc ra nội dung khác nhau; "
    "hãy lưu lại tệp bằng phần mềm khác.",
    "it has a hybrid cross-reference table, which old and new readers may read differently; "
    "save it again with other software.",
)
ENCRYPTED = Finding(
    "encrypted",
    "refuse",
    "phải có mật khẩu mới mở được tệp; hãy bỏ mật khẩu của tệp rồi gửi lại.",
    "it opens with a password only; remove its password, then send it again.",
)
SIGNING_FORBIDDEN = Finding(
    "signing-forbidden",
    "refuse",
    "người tạo tệp không cho phép sửa hay ký thêm; hãy xin bản không có giới hạn này.",
    "its author allows no changes and no signatures; ask for a copy without this restriction.",
)
WRONG_PASSWORD = Finding("wrong-password", "refuse", "sai mật khẩu.", "the password is wrong.")
ENCRYPTED_MAC = Finding(
    "encrypted-mac",
    "refuse",
    "tệp mã hóa có mã xác thực (ISO 32004), chưa hỗ trợ.",
    "it is encrypted with an integrity code (ISO 32004), which is not supported.",
)
CERTIFIED = Finding(
    "certified-no-changes",
    "refuse",
    "chữ ký chứng thực có sẵn cấm mọi thay đổi, kể cả ký thêm.",
    "a certification signature in it forbids all changes, further signatures too.",
)


def unreadable(detail: str) -> Finding:
    """What is said of a document whose structure is broken; ``detail`` is for the log."""
    return Finding(
        "unreadable", "refuse", "cấu trúc PDF bị hỏng.", "its PDF structure is broken.", detail=detail
    )
