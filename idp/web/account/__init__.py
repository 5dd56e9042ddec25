"""My account: ``/account``. Each page asks for a session; what is delicate asks for a fresh one."""

from flask import Blueprint

from idp.services import Services
from idp.web.account.add_factor import add_factor_endpoints
from idp.web.account.change_factor import change_factor_endpoints
from idp.web.account.factors import factors_endpoint
from idp.web.account.history import history_endpoints
from idp.web.account.overview import overview_endpoint
from idp.web.account.services_used import services_endpoints
from idp.web.account.sessions import sessions_endpoints
from idp.web.page_errors import register_page_errors
from idp.web.pages import pages_blueprint


def account_endpoints(services: Services) -> Blueprint:
    """Everything below /account."""
    blueprint = pages_blueprint("account", __name__)
    register_page_errors(blueprint, services.metrics)
    overview_endpoint(blueprint, services)
    sessions_endpoints(blueprint, services)
    services_endpoints(blueprint, services)
    factors_endpoint(blueprint, services)
    add_factor_endpoints(blueprint, services)
    change_factor_endpoints(blueprint, services)
    history_endpoints(blueprint, services)
    return blueprint
