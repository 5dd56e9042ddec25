"""Everything that goes wrong here.

::

    DeskError
    ├── LoginFailed             the identity provider said no, or its answer does not hold: log in again
    ├── LoginNeeded             nobody is logged in, or the session has ended
    ├── LogoutTokenRefused      a back-channel logout that is not the provider's
    ├── NotFound                no such document, or not this person's
    ├── NotWhatWasShown         the signing service prepared other bytes than were shown: nothing is approved
    ├── ServiceRefused          the signing service said no; ``findings`` say why, page by page
    └── Unavailable             something the desk stands on does not answer: later
        ├── ProviderUnavailable
        ├── ServiceUnavailable
        ├── StoreUnavailable
        └── SessionsUnavailable

``vi`` and ``en`` are for the person; ``detail`` is for the log and never holds a token or a name.
"""

from typing import Any


class DeskError(Exception):
    """The root."""

    status = 500

    def __init__(self, vi: str, en: str, *, detail: str = "") -> None:
        super().__init__(detail or en)
        self.vi = vi
        self.en = en
        self.detail = detail


class LoginFailed(DeskError):
    """``detail`` says which rule."""

    status = 400

    def __init__(self, detail: str) -> None:
        super().__init__(
            "Chưa đăng nhập được. Hãy bắt đầu lại từ trang chính.",
            "The login did not succeed. Begin again from the home page.",
            detail=detail,
        )


class LoginNeeded(DeskError):
    """The person logs in and comes back."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Hãy đăng nhập.", "Please log in.")


class LogoutTokenRefused(DeskError):
    """OpenID Connect Back-Channel Logout 1.0 §2.6: the answer is 400."""

    status = 400

    def __init__(self, detail: str) -> None:
        super().__init__("Yêu cầu đăng xuất không hợp lệ.", "The logout token is not valid.", detail=detail)


class Unavailable(DeskError):
    """Trying again later may help."""

    status = 503


class ProviderUnavailable(Unavailable):
    def __init__(self, detail: str) -> None:
        super().__init__(
            "Máy chủ định danh chưa trả lời. Hãy thử lại sau ít phút.",
            "The identity provider does not answer. Try again in a few minutes.",
            detail=detail,
        )


class SessionsUnavailable(Unavailable):
    def __init__(self, detail: str) -> None:
        super().__init__(
            "Hệ thống tạm thời không đọc được phiên làm việc. Hãy thử lại sau ít phút.",
            "Sessions cannot be read at the moment. Try again in a few minutes.",
            detail=detail,
        )


class ServiceUnavailable(Unavailable):
    def __init__(self, detail: str) -> None:
        super().__init__(
            "Dịch vụ ký số chưa trả lời. Văn bản vẫn còn; hãy thử lại sau ít phút.",
            "The signing service does not answer. Your documents are kept; try again in a few minutes.",
            detail=detail,
        )


class StoreUnavailable(Unavailable):
    def __init__(self, detail: str) -> None:
        super().__init__(
            "Hệ thống tạm thời không đọc được danh sách văn bản. Hãy thử lại sau ít phút.",
            "The list of documents cannot be read at the moment. Try again in a few minutes.",
            detail=detail,
        )


class ServiceRefused(DeskError):
    """``findings``: ``message``, ``message_en`` and ``page`` of each."""

    def __init__(
        self, vi: str, en: str, *, status: int, code: str = "", findings: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(vi, en, detail=f"signing service: {status} {code}")
        self.status = status
        self.code = code
        self.findings = findings or []


class NotFound(DeskError):
    status = 404

    def __init__(self) -> None:
        super().__init__("Không có văn bản này.", "There is no such document.")


class NotWhatWasShown(DeskError):
    status = 409

    def __init__(self, detail: str) -> None:
        super().__init__(
            "Văn bản đã thay đổi so với bản bạn xem. Chưa có gì được ký; hãy mở lại văn bản.",
            "The document is not the one you were shown. Nothing was signed; open it again.",
            detail=detail,
        )
