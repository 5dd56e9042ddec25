"""/healthz: this process answers. /readyz: what it stands on does too."""

from flask import Blueprint, Response, jsonify

from desk.errors import ProviderUnavailable
from desk.services import Services


def health(services: Services) -> Blueprint:
    """Public, and says nothing but up or down."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        checks = {
            "redis": services.sessions.available(),
            "provider": _provider(services),
            "database": services.database.answers(),
        }
        ready = all(checks.values())
        return jsonify(ready=ready, **checks), 200 if ready else 503

    return blueprint


def _provider(services: Services) -> bool:
    try:
        services.metadata.endpoint("token_endpoint")
    except ProviderUnavailable:
        return False
    return True
