"""GET and POST /login/<journey_id>/mandate: for whom does the person act?"""

from flask import Blueprint, Response, abort, request

from idp.directory.person import Mandate
from idp.services import Services
from idp.web.login.visit import Visit, open_visit, resume_path
from idp.web.pages import see_other


def mandate_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/login/<journey_id>/mandate")
    def mandate(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        mandates = _valid(visit)
        if not mandates:
            return _choose(visit, "")
        person = services.people.find(visit.session.person_id) if visit.session else None
        return visit.page("login/mandate.html", mandates=mandates, person=person)

    @blueprint.post("/login/<journey_id>/mandate")
    def choose_mandate(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        chosen = request.form.get("mandate", "")
        if chosen and chosen not in {each.mandate_id for each in _valid(visit)}:
            abort(400)  # the page offers no other; one that ended meanwhile is chosen anew
        return _choose(visit, chosen)


def _valid(visit: Visit) -> list[Mandate]:
    """Of the person who is logged in in this browser, now."""
    person = visit.services.people.find(visit.session.person_id) if visit.session else None
    return [each for each in person.mandates if each.is_valid(visit.now)] if person else []


def _choose(visit: Visit, mandate_id: str) -> Response:
    if visit.session:
        visit.services.sessions.act_under(visit.session.session_id, mandate_id)
        visit.services.journeys.record(visit.journey_id, mandate_id=mandate_id)
    return see_other(resume_path(visit.journey_id))
