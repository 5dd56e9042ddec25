"""Health, readiness, metrics, and one log line per request."""

import sqlite3
import time

import structlog
from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from devca.ceremony import Authority
from devca.web.problems import problem, request_id

log = structlog.get_logger("devca")
_QUIET = {"operations.healthz", "operations.readyz", "operations.metrics"}


def blueprint(authority: Authority) -> Blueprint:
    routes = Blueprint("operations", __name__)

    @routes.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    def readyz() -> dict[str, str] | Response:
        try:
            authority.index.check()
        except sqlite3.Error as error:
            log.warning("not ready", detail=repr(error))
            return problem(503, "not_ready", "Chưa sẵn sàng.", "Not ready.")
        return {"status": "ready"}

    return routes


def observe(app: Flask, routes: Blueprint, metrics_directory: str) -> None:
    """Count and log each request. With several workers the counters meet in ``metrics_directory``."""
    registry = CollectorRegistry()
    requests = Counter("devca_requests", "Requests answered", ["endpoint", "status"], registry=registry)
    seconds = Histogram("devca_request_seconds", "Time to answer", ["endpoint"], registry=registry)

    @routes.get("/metrics")
    def metrics() -> Response:
        shown = registry
        if metrics_directory:
            shown = CollectorRegistry()
            MultiProcessCollector(shown, path=metrics_directory)  # type: ignore[no-untyped-call]
        return Response(generate_latest(shown), content_type=CONTENT_TYPE_LATEST)

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        if given.isascii() and given.isprintable() and 0 < len(given) <= 100:
            g.request_id = given

    @app.after_request
    def finish(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        taken = time.perf_counter() - g.started
        requests.labels(endpoint, str(response.status_code)).inc()
        seconds.labels(endpoint).observe(taken)
        response.headers["X-Request-Id"] = request_id()
        if endpoint not in _QUIET:
            log.info(
                "request",
                endpoint=endpoint,
                status=response.status_code,
                milliseconds=round(taken * 1000, 2),
                request_id=request_id(),
            )
        return response
