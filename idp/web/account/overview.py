"""GET /account: everything at a glance."""

from flask import Blueprint, Response

from idp.directory.personal_number import masked
from idp.services import Services
from idp.web.account.visit import open_account
from idp.web.pages import page


def overview_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/account")
    def overview() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        return page(
            "account/overview.html",
            person=visit.person,
            session=visit.session,
            number=masked(visit.person.personal_number),
            here="overview",
        )
