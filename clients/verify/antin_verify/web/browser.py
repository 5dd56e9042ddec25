"""The cookie that makes a result this browser's own."""

import re
import secrets

from flask import Response, current_app, request

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def this_browser() -> str:
    """The secret in the cookie; empty when there is none that we could have given."""
    found = request.cookies.get(_name(), "")
    return found if _SECRET.fullmatch(found) else ""


def new_browser() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def remember_browser(answer: Response, secret: str) -> None:
    """Until the browser is closed, for this page's own requests only."""
    answer.set_cookie(_name(), secret, httponly=True, samesite="Strict", secure=_https(), path="/")


def _name() -> str:
    return "__Host-browser" if _https() else "browser"


def _https() -> bool:
    return bool(current_app.config["HTTPS"])
