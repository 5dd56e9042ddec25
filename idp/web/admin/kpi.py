"""GET /admin/kpi?from=YYYY-MM-DD&to=YYYY-MM-DD: the indicators as JSON, for the console."""

from datetime import date

from flask import Blueprint, Response, request

from idp.errors import InvalidRequest
from idp.evidence.kpi import report_kpi
from idp.report import day_bounds
from idp.services import Services
from idp.web.admin.visit import open_admin
from idp.web.answer import json_answer


def kpi_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/admin/kpi")
    def kpi() -> Response:
        visit = open_admin(services, json=True)
        if isinstance(visit, Response):
            return visit
        try:
            since, until = day_bounds(_day("from"), _day("to"))
            total = max(0, int(request.args.get("systems", "0")))
        except ValueError as error:
            raise InvalidRequest("Give from and to as YYYY-MM-DD, and systems as a number.") from error
        with services.database.reading() as connection:
            return json_answer(200, report_kpi(connection, since, until, systems_total=total))


def _day(name: str) -> date:
    return date.fromisoformat(request.args.get(name, ""))
