"""My account: ``/account``. Each page asks for a session; what is delicate asks for a fresh one."""

from flask import Blueprint

from idp.services import Services
from idp.web.account.overview import overview_endpoint
from idp.web.page_errors import register_page_errors
from idp.web.pages import pages_blueprint


def account_endpoints(services: Services) -> Blueprint:
    """Everything below /account."""
    blueprint = pages_blueprint("account", __name__)
    register_page_errors(blueprint, services.metrics)
    overview_endpoint(blueprint, services)
    return blueprint
