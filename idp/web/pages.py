"""What every page has: two languages, a strict content security policy, form tokens, one layout.

A blueprint of pages is made by ``pages_blueprint``; its views answer with ``page(...)``. Endpoints for
programs (token, introspection, ...) are plain blueprints and know nothing of this.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    make_response,
    render_template,
    request,
    session,
)
from flask_babel import Babel, format_date, format_datetime, get_locale
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect

from idp.web.translations import PageTexts

LANGUAGES = ("vi", "en")
LANGUAGE_COOKIE = "lang"
_csrf = CSRFProtect()


def register_pages(app: Flask, cookie_keys: list[str], *, https: bool) -> None:
    """Once an app, before its blueprints."""
    app.config.update(
        SECRET_KEY=cookie_keys[0],
        SECRET_KEY_FALLBACKS=cookie_keys[1:],
        SESSION_COOKIE_NAME="__Host-pages" if https else "pages",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_CHECK_DEFAULT=False,  # pages ask for it themselves, see pages_blueprint
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over lunch is still good; it lives as the cookie does
        # It would ask for a Referer, which our own pages forbid to send; the form token is the check.
        WTF_CSRF_SSL_STRICT=False,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Bootstrap5(app)
    _csrf.init_app(app)
    Babel(app, default_locale="vi", default_timezone="Asia/Ho_Chi_Minh", locale_selector=_choose_language)
    app.extensions["babel"].instance.domain_instance = PageTexts()
    app.jinja_env.filters.update(day=_day, moment=_moment)
    app.jinja_env.globals.update(get_locale=get_locale, language_link=_language_link)


def pages_blueprint(name: str, import_name: str) -> Blueprint:
    """A blueprint whose POSTs need the form token (``{{ csrf_token() }}``)."""
    blueprint = Blueprint(name, import_name)
    blueprint.before_request(_csrf.protect)
    return blueprint


def page(
    template: str,
    *,
    status: int = 200,
    form_targets: Iterable[str] = (),
    frames: Iterable[str] = (),
    **context: object,
) -> Response:
    """An HTML answer. ``context`` goes to the template.

    ``form_targets``: URIs that a form of this page may end up at. Browsers check ``form-action`` on every
    redirect that follows a POST, so the relying party's redirect_uri belongs here. ``frames``: URIs that
    this page shows in iframes (front-channel logout).
    """
    answer = make_response(render_template(template, **context), status)
    if form_targets and not current_app.config["SESSION_COOKIE_SECURE"]:
        # Development on loopback: where a form ends up there, such as the page of approvals, is plain http.
        form_targets = (*form_targets, "http:")
    answer.headers["Content-Security-Policy"] = "; ".join(
        [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self' data: https:" if context.get("foreign_images") else "img-src 'self' data:",
            "connect-src 'self'",
            f"form-action {_sources(form_targets)}",
            f"frame-src {_sources(frames)}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ]
    )
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Language"] = str(get_locale())
    return answer


def see_other(location: str) -> Response:
    """303: whatever was posted here is posted nowhere else (RFC 9700 §4.12). ``location``: a path of ours."""
    answer = Response(status=303)
    answer.headers["Location"] = location
    answer.headers["Cache-Control"] = "no-store"
    return answer


def remember_language(wanted: str | None) -> None:
    """``ui_locales`` (Core §3.1.2.1) or a click: the first language we have is kept for this browser."""
    for tag in (wanted or "").split():
        language = tag.partition("-")[0].lower()
        if language in LANGUAGES:
            session[LANGUAGE_COOKIE] = g.language = language
            return


def _language_link(language: str) -> str:
    """This very page in the other language; a page that answered a POST is asked for again by GET."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != LANGUAGE_COOKIE]
    # Two slashes, or one and a backslash, would begin another site's address.
    path = quote(f"/{request.path.lstrip('/')}")
    return f"{path}?{urlencode([*kept, (LANGUAGE_COOKIE, language)])}"


def _choose_language() -> str:
    clicked = request.args.get(LANGUAGE_COOKIE)
    if clicked in LANGUAGES:
        session[LANGUAGE_COOKIE] = clicked
        return str(clicked)
    chosen = g.get("language") or session.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    # Vietnamese first: only a browser that asks for English and for no Vietnamese gets English.
    return request.accept_languages.best_match(LANGUAGES) or "vi"


def _day(seconds: int) -> str:
    """Unix seconds as a day of this country."""
    return str(format_date(datetime.fromtimestamp(seconds, UTC), "dd/MM/yyyy"))


def _moment(seconds: int) -> str:
    """Unix seconds as a moment of this country, to the minute."""
    return str(format_datetime(datetime.fromtimestamp(seconds, UTC), "HH:mm dd/MM/yyyy"))


def _sources(uris: Iterable[str]) -> str:
    origins = {"'self'"}
    for uri in uris:
        parts = urlsplit(uri)
        # A private-use scheme (RFC 8252 §7.1) has no origin: its scheme is what can be said.
        origins.add(f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:")
    return " ".join(sorted(origins))
