"""The only wiring: settings in, a Flask app out."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TextIO

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from antin_verify.kept import KeptResults
from antin_verify.pages import register_pages
from antin_verify.services import SERVICES, Services
from antin_verify.settings import Settings
from antin_verify.signing_service import SigningService
from antin_verify.web.by_digest import digest_pages
from antin_verify.web.check import check_pages
from antin_verify.web.problems import register_problems
from antin_verify.web.receive import StreamedRequest, discard_incoming
from antin_verify.web.request_log import register_request_log
from antin_verify.web.result import result_pages


def now_utc() -> datetime:
    """The one place that reads the clock."""
    return datetime.now(UTC)


def create_app(
    settings: Settings, *, clock: Callable[[], datetime] = now_utc, log: TextIO | None = None
) -> Flask:
    """The public page. ``log`` takes JSON lines (default: standard output)."""
    kept = KeptResults(
        settings.kept_dir,
        keep_seconds=settings.keep_seconds,
        max_document=settings.max_document,
        max_kept=settings.max_kept,
    )
    kept.prepare()

    @cache
    def signing() -> SigningService:
        return SigningService(
            settings.signing_service, settings.answer_timeout, max_document=settings.max_document
        )

    services = Services(settings, clock, kept, signing)
    app = Flask("antin_verify", root_path=str(Path(__file__).parent))
    app.request_class = StreamedRequest
    app.config["HTTPS"] = settings.https
    app.extensions[SERVICES] = services
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    register_request_log(app, log or sys.stdout)
    register_pages(app, https=settings.https)
    register_problems(app, services)
    app.teardown_request(lambda _error: discard_incoming())
    for pages in (check_pages(services), result_pages(services), digest_pages(services)):
        app.register_blueprint(pages)
    return app
