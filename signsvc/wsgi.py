"""What a Granian worker loads, after it was started: ``signsvc.wsgi:application`` as a factory."""

from flask import Flask

from signsvc.app import create_app
from signsvc.settings import Settings
from signsvc.web.request_log import configure_logs


def application() -> Flask:
    """One app a worker process."""
    configure_logs()
    return create_app(Settings())
