"""/healthz: this process answers. /readyz: so does all it stands on, one by one. /metrics. /openapi.json."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from signsvc.errors import SignsvcError
from signsvc.services import Services
from signsvc.web.answers import json_answer
from signsvc.web.endpoints import NO_AUTHENTICATION, Endpoints
from signsvc.web.openapi import api_document

_ANY: dict[int, dict[str, Any]] = {
    200: {"description": "It answers.", "content": {"application/json": {"schema": {}}}}
}
_TEXT: dict[int, dict[str, Any]] = {
    200: {"description": "Prometheus text.", "content": {"text/plain": {"schema": {}}}}
}


def health_endpoints(services: Services, checks: Mapping[str, Callable[[], bool]]) -> Endpoints:
    """Public to those who reach this port; the gateway routes none but /openapi.json outside."""
    written: list[bytes] = []
    api = Endpoints("health", "For operators.")

    @api.offer("GET", "/healthz", authentication=NO_AUTHENTICATION, summary="Alive?", responses=_ANY)
    def healthz() -> Response:
        return json_answer({"status": "ok"})

    @api.offer("GET", "/readyz", authentication=NO_AUTHENTICATION, summary="Ready?", responses=_ANY)
    def readyz() -> Response:
        found = {name: "ok" if _holds(check) else "unavailable" for name, check in checks.items()}
        if all(state == "ok" for state in found.values()):
            return json_answer({"status": "ok", **found})
        return json_answer({"status": "unavailable", **found}, 503, {"Retry-After": "2"})

    @api.offer("GET", "/metrics", authentication=NO_AUTHENTICATION, summary="Metrics", responses=_TEXT)
    def metrics() -> Response:
        try:
            services.metrics.waiting.set(services.signatures.count_waiting())
        except SignsvcError:
            # The other numbers matter most when the database is away.
            services.metrics.waiting.set(-1)
        registry = services.metrics.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @api.offer("GET", "/openapi.json", authentication=NO_AUTHENTICATION, summary="This API", responses=_ANY)
    def openapi() -> Response:
        if not written:
            written.append(orjson.dumps(api_document(current_app)))
        return Response(written[0], content_type="application/json")

    return api


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except SignsvcError:
        return False
