"""The registration console (``/integrators``) and the same as an API (``/admin/v1``)."""

from flask import Blueprint

from idp.registration.look_after import LookAfter
from idp.registration.self_test import SelfTestClient
from idp.services import Services
from idp.web.integrators.console import console_endpoints
from idp.web.integrators.self_test import self_test_pages
from idp.web.page_errors import register_page_errors
from idp.web.pages import pages_blueprint


def integrator_pages(services: Services, look_after: LookAfter, self_test: SelfTestClient) -> Blueprint:
    """Authentication: an administrator's session with a passkey or a card (LoA3)."""
    blueprint = pages_blueprint("integrators", __name__)
    register_page_errors(blueprint, services.metrics)
    console_endpoints(blueprint, services, look_after)
    self_test_pages(blueprint, services, self_test)
    return blueprint
