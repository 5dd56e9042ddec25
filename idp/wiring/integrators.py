"""What integrators and provisioning systems call."""

from flask import Flask

from idp.services import Services
from idp.web.register import registration_endpoint


def register_integrator_endpoints(app: Flask, services: Services, below: str | None) -> None:
    """Each with its authentication."""
    app.register_blueprint(
        registration_endpoint(services), url_prefix=below
    )  # initial access token, own token
