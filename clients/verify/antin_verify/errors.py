"""Everything a person is told that is not a verdict: what happened and what to do, in two languages.

::

    VerifyError
    ├── DocumentUnfit      the file or the digest cannot be checked: choose another
    ├── NotKept            the result is gone, or belongs to another browser
    ├── NotSignedHere      no record of a file with this digest
    └── TryLater           too many at once, or the signing service is away; see ``retry_after``
"""


class VerifyError(Exception):
    """The root. ``status`` is the HTTP status; ``detail`` is for the log and never holds content."""

    status = 400

    def __init__(self, vi: str, en: str, *, code: str, detail: str = "") -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en
        self.code = code
        self.detail = detail


class DocumentUnfit(VerifyError):
    """The file or the digest cannot be checked: choose another."""

    def __init__(self, vi: str, en: str, *, code: str, status: int = 422, detail: str = "") -> None:
        super().__init__(vi, en, code=code, detail=detail)
        self.status = status


class NotKept(VerifyError):
    """The result is gone, or belongs to another browser: nobody can tell which."""

    status = 404

    def __init__(self) -> None:
        super().__init__(
            "Kết quả này đã hết hạn, đã được xóa, hoặc thuộc về trình duyệt khác. Hãy kiểm tra lại tệp.",
            "This result has expired, was deleted, or belongs to another browser. Check the file again.",
            code="not_kept",
        )


class NotSignedHere(VerifyError):
    """No record of a file with this digest."""

    status = 404

    def __init__(self) -> None:
        super().__init__(
            "Hệ thống này không ghi nhận đã ký tệp có mã băm đó.",
            "This system has no record of signing a file with that digest.",
            code="not_signed_here",
        )


class TryLater(VerifyError):
    """``retry_after``: seconds until it makes sense to try again."""

    def __init__(
        self, vi: str, en: str, *, code: str, retry_after: int, status: int = 503, detail: str = ""
    ) -> None:
        super().__init__(vi, en, code=code, detail=detail)
        self.retry_after = retry_after
        self.status = status


def not_a_pdf() -> DocumentUnfit:
    """Pictures, Word files, archives."""
    return DocumentUnfit(
        "Tệp này không phải là PDF. Hãy chọn tệp .pdf đã ký (không phải ảnh chụp, tệp Word hay tệp nén).",
        "This file is no PDF. Choose the signed .pdf file (no photo, Word file or archive).",
        code="not_a_pdf",
    )


def too_large(limit: int) -> DocumentUnfit:
    """``limit`` in bytes."""
    mib = limit // (1024 * 1024)
    return DocumentUnfit(
        f"Tệp lớn hơn {mib} MB nên không kiểm tra được ở đây. Hãy tra bằng mã băm của tệp.",
        f"The file is larger than {mib} MB and cannot be checked here. Look it up by its digest.",
        code="too_large",
        status=413,
    )
