"""Errors become pages that say what to do; the log gets the detail."""

from urllib.parse import quote

from flask import Flask, Response, g, request, session
from flask_babel import get_locale, gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from desk.errors import DeskError, LoginNeeded, SessionsUnavailable
from desk.web.pages import page, see_other
from desk.web.session_interface import DeskSession


def register_error_pages(app: Flask) -> None:
    """Before any other ``before_request``: a session that cannot be read must not look like a logout."""

    @app.before_request
    def check_session() -> None:
        unavailable: SessionsUnavailable | None = getattr(session, "unavailable", None)
        if unavailable is not None:
            raise unavailable

    @app.errorhandler(LoginNeeded)
    def log_in(_: LoginNeeded) -> Response:
        if "person" in session:
            # Its tokens are taken no more: kept, it would send the person round in circles.
            current: DeskSession = session._get_current_object()  # type: ignore[attr-defined]
            current.begin_anew()
        if request.method == "GET":
            return see_other(f"/login?next={quote(request.full_path.rstrip('?'), safe='/')}")
        # What was posted is lost with the session; a page says so before anybody is surprised.
        return _say(
            401, gettext("Phiên làm việc đã kết thúc"), gettext("Hãy đăng nhập lại rồi làm lại việc vừa rồi.")
        )

    @app.errorhandler(DeskError)
    def refused(error: DeskError) -> Response:
        g.error = f"{type(error).__name__}: {error.detail}"
        heading = gettext("Chưa làm được")
        answer = _say(error.status, heading, error.en if str(get_locale()) == "en" else error.vi)
        if error.status == 503:
            answer.headers["Retry-After"] = "30"
        return answer

    @app.errorhandler(CSRFError)
    def form_refused(_: CSRFError) -> Response:
        g.error = "form token"
        text = gettext(
            "Trang đã mở quá lâu hoặc bạn đã đăng nhập lại. Hãy quay lại, tải lại trang rồi gửi lại."
        )
        return _say(400, gettext("Biểu mẫu đã hết hạn"), text)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        if status == 404:
            return _say(404, gettext("Không có trang này"), gettext("Hãy quay về trang chính."))
        if status == 413:
            text = gettext("Chưa nhận tệp nào: các tệp cộng lại quá lớn. Hãy chia làm nhiều lần tải lên.")
            return _say(413, gettext("Tệp quá lớn"), text)
        return _say(status, gettext("Chưa làm được"), gettext("Yêu cầu không đúng. Hãy quay về trang chính."))

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        g.error = f"unexpected {type(error).__name__}"
        app.logger.exception("unexpected")
        text = gettext(
            "Có lỗi ngoài dự kiến. Hãy thử lại; nếu vẫn lỗi, báo quản trị kèm mã tra cứu bên dưới."
        )
        return _say(500, gettext("Chưa làm được"), text)


def _say(status: int, heading: str, text: str) -> Response:
    return page("message.html", status=status, heading=heading, text=text)
