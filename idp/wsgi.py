"""What a Granian worker loads, after it was started: ``idp.wsgi:application`` as a factory."""

from flask import Flask

from idp.app import create_app
from idp.settings import Settings


def application() -> Flask:
    return create_app(Settings())
