"""What every page has: two languages, a strict content security policy, one layout."""

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import segno
from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import Babel, format_datetime

from antin_verify.translations import LANGUAGE, LANGUAGES, PageTexts, choose_language, language

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_YEAR = 365 * 24 * 3600


def register_pages(app: Flask, *, https: bool) -> None:
    """Once an app, before its blueprints."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Babel(app, default_locale="vi", default_timezone="Asia/Ho_Chi_Minh", locale_selector=choose_language)
    app.extensions["babel"].instance.domain_instance = PageTexts()
    app.jinja_env.filters.update(moment=_moment, day=_day, size=_size, said=_said)
    app.jinja_env.globals.update(language=language, language_link=_language_link, languages=LANGUAGES)

    @app.after_request
    def protect(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = _CSP
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        answer.headers["X-Request-Id"] = g.get("request_id", "")
        if https:
            answer.headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
        if request.endpoint != "static":
            answer.headers["Cache-Control"] = "no-store"
        chosen = request.args.get(LANGUAGE)
        if chosen in LANGUAGES:
            answer.set_cookie(LANGUAGE, chosen, max_age=_YEAR, secure=https, httponly=True, samesite="Lax")
        return answer


def page(template: str, *, status: int = 200, **context: object) -> Response:
    """An HTML answer. ``context`` goes to the template."""
    answer = make_response(render_template(template, **context), status)
    answer.headers["Content-Language"] = language()
    return answer


def qr_code(address: str) -> str:
    """A QR code as a picture that needs no request (a data: URI)."""
    return str(segno.make(address, error="m").svg_data_uri(scale=4, border=2))


def _said(member: dict[str, Any], name: str = "message") -> str:
    """A text of the service in the reader's language."""
    return str(member.get(f"{name}_en" if language() == "en" else name, ""))


def _moment(when: str | int | None) -> str:
    """ISO 8601 or Unix seconds as a moment of this country, its zone named (Decree 30/2020, Annex I)."""
    if when is None:
        return ""
    moment = (
        datetime.fromisoformat(when) if isinstance(when, str) else datetime.fromtimestamp(when).astimezone()
    )
    return f"{format_datetime(moment, 'HH:mm:ss dd/MM/yyyy')} (UTC+7)"


def _day(when: str) -> str:
    return str(format_datetime(datetime.fromisoformat(when), "dd/MM/yyyy"))


def _size(octets: int) -> str:
    for unit, one in (("MB", 1024 * 1024), ("KB", 1024)):
        if octets >= one:
            number = f"{octets / one:.1f}"
            return f"{number if language() == 'en' else number.replace('.', ',')} {unit}"
    return f"{octets} B"


def _language_link(chosen: str) -> str:
    """This page in the other language; a page that answered a POST is asked for again by GET."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != LANGUAGE]
    # Two slashes would begin another site's address.
    return f"{quote('/' + request.path.lstrip('/'))}?{urlencode([*kept, (LANGUAGE, chosen)])}"
