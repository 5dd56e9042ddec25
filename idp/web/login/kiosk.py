"""GET and POST /kiosk: make this browser a counter's, where logins are short and remembered by nobody."""

from flask import Blueprint, Response, current_app, request, url_for
from itsdangerous import BadData, URLSafeSerializer

from idp.services import Services
from idp.web.pages import page, see_other

_YEAR = 365 * 24 * 3600


def kiosk_endpoints(blueprint: Blueprint, services: Services) -> None:
    https = services.settings.issuer.startswith("https:")

    @blueprint.get("/kiosk")
    def kiosk() -> Response:
        minutes = services.settings.kiosk_seconds // 60
        return page("login/kiosk.html", registered=is_kiosk(), minutes=minutes)

    @blueprint.post("/kiosk")
    def change_kiosk() -> Response:
        answer = see_other(url_for("login.kiosk"))
        if request.form.get("registered") == "yes":
            answer.set_cookie(
                _name(), _serializer().dumps("kiosk"), max_age=_YEAR, secure=https, httponly=True,
                samesite="Lax", path="/",
            )  # fmt: skip
        else:
            answer.delete_cookie(_name(), secure=https, httponly=True, samesite="Lax", path="/")
        return answer


def is_kiosk() -> bool:
    """Whether this browser was registered as a counter's."""
    try:
        return bool(_serializer().loads(request.cookies.get(_name(), "")) == "kiosk")
    except BadData:
        return False


def wants_kiosk() -> bool:
    """Registered, or the box "shared computer" was ticked."""
    return is_kiosk() or request.form.get("kiosk") == "yes"


def _serializer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"][::-1], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="kiosk")


def _name() -> str:
    return "__Host-kiosk" if current_app.config["SESSION_COOKIE_SECURE"] else "kiosk"
