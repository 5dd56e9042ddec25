"""What every page has: two languages, a strict content security policy, form tokens, one layout."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_babel import Babel, format_date, format_datetime, get_locale
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect

from desk.web.translations import PageTexts

LANGUAGES = ("vi", "en")
LANGUAGE_COOKIE = "desk-lang"
YEAR = 365 * 86400
FORM_TARGETS = "DESK_FORM_TARGETS"


def register_pages(app: Flask, secret_key: str, *, https: bool, form_targets: tuple[str, ...]) -> CSRFProtect:
    """Once an app. Every POST needs the form token, but those that a program sends."""
    app.config.update(
        SECRET_KEY=secret_key,
        WTF_CSRF_TIME_LIMIT=None,  # it lives as the session does
        # It would ask for a Referer, which our pages forbid to send; the form token is the check.
        WTF_CSRF_SSL_STRICT=False,
        BOOTSTRAP_SERVE_LOCAL=True,
        DESK_FORM_TARGETS=form_targets,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Bootstrap5(app)
    csrf = CSRFProtect(app)
    Babel(app, default_locale="vi", default_timezone="Asia/Ho_Chi_Minh", locale_selector=_choose_language)
    app.extensions["babel"].instance.domain_instance = PageTexts()
    app.jinja_env.filters.update(day=_day, moment=_moment)
    app.jinja_env.globals.update(get_locale=get_locale, language_link=_language_link)

    @app.after_request
    def keep_language(answer: Response) -> Response:
        clicked = request.args.get("lang")
        if clicked in LANGUAGES:
            answer.set_cookie(
                LANGUAGE_COOKIE, clicked, max_age=YEAR, secure=https, httponly=True, samesite="Lax"
            )
        return answer

    return csrf


def page(template: str, *, status: int = 200, **context: object) -> Response:
    """An HTML answer; ``context`` goes to the template."""
    answer = make_response(render_template(template, **context), status)
    answer.headers["Content-Security-Policy"] = "; ".join(
        [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            f"form-action 'self' {' '.join(current_app.config[FORM_TARGETS])}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ]
    )
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Content-Language"] = str(get_locale())
    return answer


def see_other(location: str) -> Response:
    """303: whatever was posted here is posted nowhere else (RFC 9700 §4.12)."""
    answer = Response(status=303)
    answer.headers["Location"] = location
    return answer


def is_own_path(path: str) -> bool:
    """Whether a browser stays here when it is sent there: no other site's address in disguise."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


def _choose_language() -> str:
    for chosen in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in LANGUAGES:
            return str(chosen)
    # Vietnamese first: only a browser that asks for English and for no Vietnamese gets English.
    return request.accept_languages.best_match(LANGUAGES) or "vi"


def _language_link(language: str) -> str:
    """This very page in the other language; the first one, where this one cannot be asked for by GET."""
    again = request.method == "GET" or current_app.url_map.bind("").test(request.path, "GET")
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    path = quote(f"/{request.path.lstrip('/')}") if again else "/"
    return f"{path}?{urlencode([*kept, ('lang', language)])}"


def _day(seconds: int) -> str:
    """Unix seconds as a day of this country."""
    return str(format_date(datetime.fromtimestamp(seconds, UTC), "dd/MM/yyyy"))


def _moment(seconds: int) -> str:
    """Unix seconds as a moment of this country, to the minute."""
    return str(format_datetime(datetime.fromtimestamp(seconds, UTC), "HH:mm dd/MM/yyyy"))
