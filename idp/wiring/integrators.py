"""What integrators and provisioning systems call."""

import time

from flask import Flask

from idp.evidence.report_transactions import ReportTransactions
from idp.grants.resource_access import ResourceAccess
from idp.provisioning.leave import Leave
from idp.provisioning.scim import build_scim
from idp.registration.administer import Administer
from idp.registration.look_after import LookAfter
from idp.registration.self_test import SelfTestClient
from idp.registration.watch_logins import WatchLogins
from idp.services import Services
from idp.store.idempotency import IdempotencyKeys
from idp.store.self_tests import SelfTests
from idp.web.api_documents import api_documents
from idp.web.error_list import error_list
from idp.web.integrators import integrator_pages
from idp.web.integrators.api import admin_api
from idp.web.register import registration_endpoint
from idp.web.scim import scim_endpoints
from idp.web.scim_discovery import scim_discovery
from idp.web.transactions import transactions_endpoint
from idp.web.watch_requests import watch_requests


def register_integrator_endpoints(app: Flask, services: Services, below: str | None) -> None:
    """Each with its authentication."""
    issuer = services.settings.issuer
    leave = Leave(services.people, services.end_session, services.evidence, services.tokens.families)
    scim = build_scim(
        f"{issuer}/scim/v2",
        services.database,
        services.people,
        services.organisations,
        leave,
        services.evidence,
    )
    look_after = LookAfter(services.database, services.outbound, services.evidence, services.clients.forget)
    administer = Administer(services.database, services.outbound, services.evidence, services.clients.forget)
    keys = IdempotencyKeys(services.redis, services.people.sealing)
    self_tests = SelfTests(services.redis)
    watch = WatchLogins(self_tests, time.monotonic)
    watch_requests(app, services, watch)
    self_test = SelfTestClient(issuer, look_after, self_tests, watch, services.logout.board)
    parts = [
        registration_endpoint(services),  #          initial access token, registration access token
        error_list(services),  #                     public
        integrator_pages(services, look_after, self_test),  #   administrator
        api_documents(issuer),  #                    public
        admin_api(
            services,
            look_after,
            administer,
            keys,
            ResourceAccess(services.tokens.access, f"{issuer}/admin/v1"),
            self_test,
        ),  #  access token with the scope admin
        scim_discovery(issuer),  #                   public
        scim_endpoints(
            services, scim, ResourceAccess(services.tokens.access, f"{issuer}/scim/v2")
        ),  #   access token with the scope scim
        transactions_endpoint(
            services,
            ResourceAccess(services.tokens.access, f"{issuer}/transactions"),
            ReportTransactions(services.database, services.subjects, services.evidence),
        ),  #   access token with the scope transactions
    ]
    for part in parts:
        app.register_blueprint(part, url_prefix=f"{below or ''}{part.url_prefix or ''}" or None)
