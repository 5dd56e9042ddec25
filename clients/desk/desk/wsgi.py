"""What each worker of the server loads."""

from flask import Flask

from desk.app import create_app
from desk.settings import Settings


def application() -> Flask:
    """Built in the worker, so that it opens its own connections."""
    return create_app(Settings())
