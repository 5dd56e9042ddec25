"""POST /login/<journey_id>/cancel: the person does not want to; the relying party is told so.

POST /login/<journey_id>/restart: somebody else is at the keyboard.
"""

from flask import Blueprint, Response, url_for

from idp.services import Services
from idp.web.login.visit import open_visit, resume_path
from idp.web.pages import see_other


def cancel_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/login/<journey_id>/cancel")
    def cancel(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        services.login.progress.forget(journey_id)
        if not visit.journey.client_id:
            return see_other(url_for("account.overview"))
        services.journeys.record(journey_id, refused="access_denied")
        return see_other(resume_path(journey_id))

    @blueprint.post("/login/<journey_id>/restart")
    def restart(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        services.login.progress.forget(journey_id)
        return see_other(url_for("login.start", journey_id=journey_id))
