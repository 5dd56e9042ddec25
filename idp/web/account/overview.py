"""GET /account: who I am here, and the ways to everything else."""

from flask import Blueprint, Response

from idp.directory.personal_number import masked
from idp.services import Services
from idp.web.account.visit import open_account


def overview_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/account")
    def overview() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        number = masked(visit.person.personal_number)
        mandates = [each for each in visit.person.mandates if each.is_valid(visit.now)]
        return visit.page("account/overview.html", "overview", number=number, mandates=mandates)
