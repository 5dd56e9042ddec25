"""GET /admin/logout-deliveries: the delivery board, a page or JSON; POST .../<client_id>: try again."""

from dataclasses import asdict

from flask import Blueprint, Response, request, url_for

from idp.evidence.event import Event
from idp.services import Services
from idp.web.admin.visit import open_admin, wants_json
from idp.web.answer import json_answer
from idp.web.pages import page, see_other

DAY = 86400
_DAYS = (1, 7, 30)


def logout_deliveries_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/admin/logout-deliveries")
    def logout_deliveries() -> Response:
        visit = open_admin(services, json=wants_json())
        if isinstance(visit, Response):
            return visit
        days = request.args.get("days", 7, type=int)
        days = days if days in _DAYS else 7
        rows = services.logout.board.rows(visit.now - days * DAY)
        if wants_json():
            return json_answer(200, {"days": days, "clients": [asdict(row) for row in rows]})
        clients = {row.client_id: services.clients.find_client(row.client_id) for row in rows}
        return page(
            "admin/logout_deliveries.html",
            rows=rows,
            names={key: client.name if client else key for key, client in clients.items()},
            days=days,
            choices=_DAYS,
            now=visit.now,
            tried=request.args.get("tried", type=int),
        )

    @blueprint.post("/admin/logout-deliveries/<client_id>")
    def try_again(client_id: str) -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        tried = services.logout.deliveries.retry(client_id, visit.now)
        services.evidence.record(
            Event(
                "logout.retried",
                visit.now,
                person_id=visit.person.person_id,
                client_id=client_id,
                session_id=visit.session.session_id,
                details={"deliveries": tried},
            )
        )
        services.logout.wake()
        return see_other(url_for("admin.logout_deliveries", tried=tried))
