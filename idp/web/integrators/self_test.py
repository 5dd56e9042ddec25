"""Pages: the self-test of a client's login."""

from flask import Blueprint, Response, url_for

from idp.registration.self_test import SelfTestClient, count
from idp.registration.self_test_steps import UNSEEN
from idp.services import Services
from idp.web.admin.visit import open_admin
from idp.web.pages import page, see_other


def self_test_pages(blueprint: Blueprint, services: Services, self_test: SelfTestClient) -> None:
    @blueprint.get("/integrators/clients/<client_id>/self-test")
    def self_test_of(client_id: str) -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        report = self_test.report(client_id, visit.now)
        return page(
            "integrators/self_test.html",
            client=report.registration,
            report=report,
            counted=count(report),
            unseen=UNSEEN,
            login_link=self_test.login_link(report.registration),
        )

    @blueprint.post("/integrators/clients/<client_id>/self-test")
    def begin_self_test(client_id: str) -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        self_test.begin(client_id, visit.person.person_id, visit.now)
        return see_other(url_for("integrators.self_test_of", client_id=client_id))

    @blueprint.post("/integrators/clients/<client_id>/self-test/end")
    def end_self_test(client_id: str) -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        self_test.end(client_id)
        return see_other(url_for("integrators.client", client_id=client_id))
