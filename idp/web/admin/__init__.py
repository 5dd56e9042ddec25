"""Pages for the provider's administrators: ``/admin``."""

from flask import Blueprint

from idp.services import Services
from idp.web.admin.invitations import invitations_endpoint
from idp.web.admin.kpi import kpi_endpoint
from idp.web.admin.logout_deliveries import logout_deliveries_endpoint
from idp.web.page_errors import register_page_errors
from idp.web.pages import pages_blueprint


def admin_endpoints(services: Services) -> Blueprint:
    """Everything below /admin of sessions and evidence."""
    blueprint = pages_blueprint("admin", __name__)
    register_page_errors(blueprint, services.metrics)
    logout_deliveries_endpoint(blueprint, services)
    kpi_endpoint(blueprint, services)
    invitations_endpoint(blueprint, services)
    return blueprint
