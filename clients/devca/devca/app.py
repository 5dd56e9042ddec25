"""The only wiring: settings in, Flask application out."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from devca.ceremony import prepare
from devca.misbehaviour import Switch, expired_tsa, impostor_responder
from devca.ocsp import Responder
from devca.settings import Settings
from devca.timestamp import TimestampAuthority
from devca.web import faults, issuance, operations, problems, status, timestamping

_MAX_BODY = 256 * 1024


def utc_now() -> datetime:
    """The clock of a running devca."""
    return datetime.now(UTC)


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Flask:
    """A devca over the settings' directory, which is made when it is not there.

    Raises StateUnusable.
    """
    authority = prepare(settings.directory, settings.base_url, now=clock())
    switch = Switch(settings.directory, armed=settings.misbehave)
    impostor = impostor_responder(authority) if settings.misbehave else None
    responder = Responder(authority.index, authority.issuing, authority.ocsp, impostor)
    tsa = TimestampAuthority(authority.tsa, authority.issuing)
    expired = TimestampAuthority(expired_tsa(authority), authority.issuing) if settings.misbehave else None

    app = Flask("devca", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    problems.install(app)
    watched = operations.blueprint(authority)
    operations.observe(app, watched, settings.metrics_directory)
    app.register_blueprint(watched)
    app.register_blueprint(issuance.blueprint(authority, clock))
    app.register_blueprint(status.blueprint(authority, responder, switch, clock))
    app.register_blueprint(timestamping.blueprint(tsa, expired, switch, clock))
    if settings.misbehave:
        app.register_blueprint(faults.blueprint(switch, authority.secret))
    return app
