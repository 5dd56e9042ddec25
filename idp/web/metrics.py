"""GET /metrics for Prometheus. Under ``python -m idp serve`` the numbers are those of all workers."""

import os

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """What is counted. Labels come from our own lists, never from what a request says."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "idp_requests_total", "Requests answered.", ("endpoint", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "idp_request_seconds", "Time to answer.", ("endpoint",), buckets=_BUCKETS, registry=self.registry
        )
        self.errors = Counter(
            "idp_errors_total", "Refusals and failures, by OAuth error.", ("error",), registry=self.registry
        )
        self.tokens = Counter(
            "idp_tokens_issued_total", "Access tokens issued.", ("grant_type",), registry=self.registry
        )


def metrics_endpoint(metrics: Metrics, *measured: Collector) -> Blueprint:
    """``measured``: what is looked up when it is asked for, the same in every worker.

    Public to those who reach this port; the gateway does not route it outside."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def show() -> Response:
        registry = metrics.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        looked_up = CollectorRegistry(auto_describe=False)
        for each in measured:
            looked_up.register(each)
        told = generate_latest(registry) + generate_latest(looked_up)
        answer = Response(told, content_type=CONTENT_TYPE_LATEST)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint
