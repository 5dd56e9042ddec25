"""Errors of pages, for people: what happened, what to do, in both languages, with a reference."""

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, g
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from idp.errors import IdpError
from idp.web.metrics import Metrics
from idp.web.pages import page
from idp.web.unexpected import note_unexpected


def register_page_errors(blueprint: Blueprint, metrics: Metrics) -> None:
    """For a blueprint whose answers people read: no JSON leaves it."""

    @blueprint.errorhandler(OAuth2Error)
    def refused(error: OAuth2Error) -> Response:
        g.error, g.error_detail = error.error, getattr(error, "detail", "")
        metrics.errors.labels(error.error).inc()
        retry_after = error.retry_after if isinstance(error, IdpError) else None
        code = getattr(error, "code", "") or error.error
        answer = error_page(code, error.status_code, str(error.description or ""))
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    @blueprint.errorhandler(HTTPException)
    def http_refused(error: HTTPException) -> Response:
        status = error.code or 500
        g.error, g.error_detail = "http", str(status)
        answer = error_page("form_expired" if isinstance(error, CSRFError) else f"http_{status}", status)
        for name, value in error.get_headers():
            if name.lower() == "allow":
                answer.headers[name] = value
        return answer

    @blueprint.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        note_unexpected(error, metrics)
        return error_page("server_error", 500)


def error_page(code: str, status: int, technical: str = "") -> Response:
    """``code``: chooses the words. ``technical``: the English sentence for the integrator; no parameter's
    value stands in it.
    """
    return page("authorize/error.html", status=status, code=code, technical=technical)
