"""GET /healthz: this process answers. GET /readyz: so does all that it stands on, one by one."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response

from idp.errors import IdpError
from idp.web.answer import json_answer


def health_endpoints(checks: Mapping[str, Callable[[], bool]]) -> Blueprint:
    """Public. Says which part is away, not why."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return json_answer(200, {"status": "ok"})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        found = {name: "ok" if _holds(check) else "unavailable" for name, check in checks.items()}
        ready = all(state == "ok" for state in found.values())
        answer = json_answer(200 if ready else 503, {"status": "ok" if ready else "unavailable", **found})
        if not ready:
            answer.headers["Retry-After"] = "2"
        return answer

    return blueprint


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except IdpError:
        return False
