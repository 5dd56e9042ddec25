"""The cookie that ties a journey to a browser: one for each journey, so that tabs never collide."""

from flask import Response, request

from idp.services import Services

# A browser with more tabs than this under way loses the cookies of some; their journeys begin anew.
MOST = 12
KEPT_SECONDS = 30 * 60


def journey_cookie(services: Services, journey_id: str) -> str | None:
    """Its value, for ``services.journeys.find(journey_id, value)``."""
    return request.cookies.get(_name(services, journey_id))


def set_journey_cookie(answer: Response, services: Services, journey_id: str, value: str) -> None:
    """Lax: the person comes back by GET from an upstream provider."""
    prefix = _prefix(services)
    others = [name for name in request.cookies if name.startswith(prefix)]
    for name in others[: max(0, len(others) - MOST + 1)]:
        answer.delete_cookie(name, secure=_https(services), httponly=True, samesite="Lax", path="/")
    answer.set_cookie(
        _name(services, journey_id),
        value,
        max_age=KEPT_SECONDS,
        secure=_https(services),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _name(services: Services, journey_id: str) -> str:
    return f"{_prefix(services)}{journey_id[:8]}"


def _prefix(services: Services) -> str:
    return "__Host-j-" if _https(services) else "j-"


def _https(services: Services) -> bool:
    return services.settings.issuer.startswith("https:")
