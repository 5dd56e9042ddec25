"""What the signing service counts. Labels come from our own lists, never from what a request says."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """One set an app: two apps in one process do not add up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "signsvc_requests_total", "Requests answered.", ("endpoint", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "signsvc_request_seconds",
            "Time to answer.",
            ("endpoint",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.signatures = Counter(
            "signsvc_signatures_total",
            "Signatures asked for, by level and what became of them.",
            ("level", "result"),
            registry=self.registry,
        )
        self.authority_up = Gauge(
            "signsvc_authority_up",
            "1 when the authority (tsa, revocation) answered at the last try.",
            ("authority",),
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.waiting = Gauge(
            "signsvc_queue_depth",
            "Signatures that wait for a time-stamp or revocation data.",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
