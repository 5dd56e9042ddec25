"""The one map from errors to pages: what happened, and what to do."""

import traceback
from typing import Any

from flask import Flask, Response, g, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from antin_verify.errors import DocumentUnfit, TryLater, VerifyError
from antin_verify.pages import page
from antin_verify.services import Services
from antin_verify.translations import language


def register_problems(app: Flask, services: Services) -> None:
    """Every way out of this app that is not success."""

    def told(error: VerifyError) -> Response:
        g.error = error.code
        g.error_detail = error.detail
        sentence = error.en if language() == "en" else error.vi
        # Whoever chose the wrong file stays where the right one can be chosen.
        template = "start.html" if isinstance(error, DocumentUnfit) else "problem.html"
        field = "digest" if error.code == "digest_malformed" else "file"
        return page(
            template,
            status=error.status,
            settings=services.settings,
            problem=sentence,
            field=field,
            later=isinstance(error, TryLater),
        )

    @app.errorhandler(VerifyError)
    def refused(error: VerifyError) -> Response:
        answer = told(error)
        if isinstance(error, TryLater):
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    @app.errorhandler(HTTPException)
    def refused_by_http(error: HTTPException) -> Any:
        if error.response is not None or (error.code or 500) < 400:
            return error.get_response()
        g.error = f"http_{error.code}"
        missing = error.code == 404
        sentence = _("Không có trang này.") if missing else _("Yêu cầu không hợp lệ.")
        return page("problem.html", status=error.code or 500, problem=sentence, later=False)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        # Where, not what: the text of an unexpected error may quote a document.
        frames = traceback.extract_tb(error.__traceback__)
        where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
        g.error, g.error_detail = "internal", f"{type(error).__name__} at {where}"
        sentence = _(
            "Trang gặp lỗi. Hãy thử lại; nếu vẫn lỗi, gửi mã tra cứu ở cuối trang cho bộ phận hỗ trợ."
        )
        return page("problem.html", status=500, problem=sentence, later=request.method == "POST")
