"""The login pages: ``/login/<journey_id>`` and below it. Public: whoever comes is about to log in.

One file an endpoint; ``visit.py`` opens the journey, ``finish.py`` ends it.
"""

from flask import Blueprint

from idp.services import Services
from idp.web.login.cancel import cancel_endpoint
from idp.web.login.certificate import certificate_endpoint
from idp.web.login.enrol import enrol_endpoints
from idp.web.login.invited import invited_endpoint
from idp.web.login.kiosk import kiosk_endpoints
from idp.web.login.mandate import mandate_endpoints
from idp.web.login.passkey import passkey_endpoints
from idp.web.login.password import password_endpoint
from idp.web.login.second import second_factor_endpoints
from idp.web.login.start import start_endpoint
from idp.web.login.upstream import upstream_endpoints
from idp.web.page_errors import register_page_errors
from idp.web.pages import pages_blueprint


def login_endpoints(services: Services) -> Blueprint:
    """Everything below /login."""
    blueprint = pages_blueprint("login", __name__)
    register_page_errors(blueprint, services.metrics)
    start_endpoint(blueprint, services)
    password_endpoint(blueprint, services)
    second_factor_endpoints(blueprint, services)
    passkey_endpoints(blueprint, services)
    certificate_endpoint(blueprint, services)
    enrol_endpoints(blueprint, services)
    invited_endpoint(blueprint, services)
    mandate_endpoints(blueprint, services)
    upstream_endpoints(blueprint, services)
    cancel_endpoint(blueprint, services)
    kiosk_endpoints(blueprint, services)
    return blueprint
