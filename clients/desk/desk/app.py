"""The only wiring: settings in, Flask application out."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import redis
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from desk.acts.prepare_shown import PrepareShown
from desk.acts.sign_batch import SignBatch
from desk.locations import new_http_client
from desk.provider.authorize import Authorize
from desk.provider.client_key import load_client_key
from desk.provider.metadata import Metadata
from desk.provider.verify_tokens import VerifyTokens
from desk.services import Services
from desk.sessions.store import Sessions
from desk.settings import Settings
from desk.signing.service import SigningService
from desk.signing.shown import Kept
from desk.store.database import Database
from desk.store.documents import Documents
from desk.web.documents import document_pages
from desk.web.error_pages import register_error_pages
from desk.web.health import health
from desk.web.inbox import inbox_pages
from desk.web.login import login_pages
from desk.web.logout import logout_pages
from desk.web.my_keys import my_keys_pages
from desk.web.pages import register_pages
from desk.web.person import find_person
from desk.web.request_log import new_logger, register_request_log
from desk.web.session_interface import RedisSessions
from desk.web.sign import sign_pages

# All files of one form together may weigh as much as this many of the largest
LARGEST_AT_ONCE = 20


def build_services(settings: Settings, clock: Callable[[], float] = time.time) -> Services:
    """Everything below the web. Nothing is connected before it is used."""
    locations = {
        settings.issuer: settings.issuer_location,
        settings.resource: settings.resource_location,
    }
    http = new_http_client(locations, timeout=settings.outgoing_timeout)
    connection = redis.Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5)
    key = load_client_key(settings.client_key_file)
    metadata = Metadata(lambda: http, settings.issuer)
    database = Database(settings.database_url)
    documents = Documents(database)
    service = SigningService(lambda: http, settings.resource)

    def close() -> None:
        http.close()
        connection.close()
        database.close()

    return Services(
        settings=settings,
        clock=clock,
        sessions=Sessions(lambda: connection),
        metadata=metadata,
        authorize=Authorize(
            lambda: http, metadata, key, issuer=settings.issuer, client_id=settings.client_id, clock=clock
        ),
        verify=VerifyTokens(metadata, settings.issuer, settings.client_id),
        database=database,
        documents=documents,
        service=service,
        prepare_shown=PrepareShown(service, documents, Kept()),
        sign_batch=SignBatch(service, documents, clock),
        close=close,
    )


def create_app(settings: Settings, *, services: Services | None = None, log: BinaryIO | None = None) -> Flask:
    """The desk over HTTP. ``log`` takes JSON lines (default: standard output)."""
    services = services or build_services(settings)
    root = Path(__file__).parent
    app = Flask("desk", root_path=str(root), template_folder="web/templates", static_folder="web/static")
    app.extensions["desk"] = services
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_AT_ONCE * settings.max_document
    app.session_interface = RedisSessions(
        services.sessions, idle=settings.session_idle, https=settings.https, clock=services.clock
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    register_request_log(app, new_logger(log or sys.stdout.buffer), https=settings.https)
    register_error_pages(app)
    secret_key = load_client_key(settings.client_key_file).derive("form tokens").hex()
    csrf = register_pages(app, secret_key, https=settings.https, form_targets=settings.form_targets)
    app.context_processor(lambda: {"person": find_person()})
    for blueprint in (
        login_pages(services),
        logout_pages(services, csrf),
        inbox_pages(services),
        document_pages(services),
        sign_pages(services),
        my_keys_pages(services),
        health(services),
    ):
        app.register_blueprint(blueprint)
    return app
