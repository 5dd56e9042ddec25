"""A browser that logged in to an account before: guesses on it have a budget that nobody else can spend.

It proves nothing about who is there; it only keeps attackers from using up a victim's guesses.
"""

import secrets

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from idp.services import Services

MAX_AGE = 180 * 24 * 3600
_MOST_ACCOUNTS = 5


def device_of(account: str) -> str:
    """Names this device for this account, "" when they do not know each other."""
    device, accounts = _read()
    return device if account in accounts else ""


def remember_device(answer: Response, services: Services, account: str) -> None:
    """This device knows this account from now on; the five latest are kept."""
    device, accounts = _read()
    kept = [account, *(each for each in accounts if each != account)][:_MOST_ACCOUNTS]
    value = _serializer().dumps({"d": device or secrets.token_urlsafe(12), "a": kept})
    https = services.settings.issuer.startswith("https:")
    answer.set_cookie(_name(), value, max_age=MAX_AGE, secure=https, httponly=True, samesite="Lax", path="/")


def _read() -> tuple[str, list[str]]:
    try:
        known = _serializer().loads(request.cookies.get(_name(), ""), max_age=MAX_AGE)
        return str(known["d"]), [str(each) for each in known["a"]]
    except (BadData, KeyError, TypeError):
        return "", []


def _serializer() -> URLSafeTimedSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"][::-1], current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt="known device")


def _name() -> str:
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"
