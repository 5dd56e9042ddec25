"""The authorization endpoint and the pages that belong to it, each with who may call it."""

from flask import Flask

from idp.services import Services
from idp.web.account_choice import account_choice_endpoint
from idp.web.authorization import authorization_endpoint
from idp.web.consent import consent_endpoint
from idp.web.par import par_endpoint


def register_authorization_endpoints(app: Flask, services: Services, below: str | None) -> None:
    """``below``: the issuer's path."""
    app.register_blueprint(authorization_endpoint(services), url_prefix=below)  #   public
    app.register_blueprint(account_choice_endpoint(services), url_prefix=below)  #  session and journey
    app.register_blueprint(consent_endpoint(services), url_prefix=below)  #         session and journey
    app.register_blueprint(par_endpoint(services), url_prefix=below)  #             the client
