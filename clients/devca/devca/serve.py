"""Run devca under Granian; each worker builds its own application after the fork."""

import logging
import multiprocessing
import os
import sys
import tempfile
from functools import partial

import structlog
from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from devca.app import create_app, utc_now
from devca.ceremony import prepare
from devca.misbehaviour import GOOD, Switch
from devca.settings import Settings


def serve(settings: Settings, *, host: str, port: int, workers: int, threads: int) -> None:
    """Serve until SIGTERM or SIGINT. Raises StateUnusable before anything listens."""
    prepare(settings.directory, settings.base_url, now=utc_now())
    Switch(settings.directory, armed=True).set(GOOD)  # faults do not outlive the test that asked for them
    with tempfile.TemporaryDirectory(prefix="devca-metrics-") as metrics:
        if workers > 1:
            # prometheus_client reads this when a worker first imports it: workers start afresh.
            multiprocessing.set_start_method("spawn", force=True)
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
            settings = settings.model_copy(update={"metrics_directory": metrics})
        server = Granian(
            "devca",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
        )
        server.serve(target_loader=partial(_load, settings), wrap_loader=False)


def _load(settings: Settings) -> Flask:
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    return create_app(settings)
