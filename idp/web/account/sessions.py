"""GET /account/sessions, POST /account/sessions/end and /end-others: where I am logged in."""

from collections.abc import Iterable

from flask import Blueprint, Response, abort, request

from idp.logout.end_session import OTHER_DEVICE
from idp.services import Services
from idp.web.account.visit import open_account


def sessions_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/account/sessions")
    def sessions() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        found = services.sessions.of_person(visit.person.person_id, visit.now)
        shown = [(each, _names(services, services.sessions.clients_of(each.session_id))) for each in found]
        return visit.page("account/sessions.html", "sessions", sessions=shown)

    @blueprint.post("/account/sessions/end")
    def end_one() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        asked = services.sessions.find_by_id(request.form.get("session_id", "")[:64])
        if asked is None or asked.person_id != visit.person.person_id:
            abort(404)
        services.end_session(asked.session_id, reason=OTHER_DEVICE, now=visit.now)
        return visit.done(".sessions", "session_ended")

    @blueprint.post("/account/sessions/end-others")
    def end_others() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        services.end_session.all_of(
            visit.person.person_id, reason=OTHER_DEVICE, now=visit.now, keep=visit.session.session_id
        )
        return visit.done(".sessions", "others_ended")


def _names(services: Services, client_ids: Iterable[str]) -> list[str]:
    found = [services.clients.find_client(each) for each in client_ids]
    return [client.name for client in found if client]
