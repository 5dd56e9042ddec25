"""The cookie that a login session is found by: ``__Host-sid``, or ``sid`` on plain http (loopback only)."""

from flask import Response, request

from idp.protocol.session import Session
from idp.services import Services


def current_session(services: Services) -> Session | None:
    """The live session of this browser. Raises StoreUnavailable: unknown is not logged out."""
    value = request.cookies.get(_name(services))
    return services.sessions.find(value, int(services.clock().timestamp())) if value else None


def set_session_cookie(answer: Response, services: Services, cookie_value: str) -> None:
    """Until the browser closes. Lax: it comes along when a relying party sends the person here by GET."""
    answer.set_cookie(
        _name(services), cookie_value, secure=_https(services), httponly=True, samesite="Lax", path="/"
    )


def clear_session_cookie(answer: Response, services: Services) -> None:
    answer.delete_cookie(_name(services), secure=_https(services), httponly=True, samesite="Lax", path="/")


def _https(services: Services) -> bool:
    return services.settings.issuer.startswith("https:")


def _name(services: Services) -> str:
    return "__Host-sid" if _https(services) else "sid"
