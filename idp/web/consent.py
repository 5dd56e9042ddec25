"""GET|POST /consent/<journey>: what is shared, with whom, why; yes or no."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request, url_for

from idp.login.consent_page import consent_page
from idp.login.journey import Journey
from idp.login.next_step import Consent
from idp.protocol.assurance import Authentication
from idp.services import Services
from idp.web.authorization_response import answer_targets
from idp.web.journey_cookie import journey_cookie
from idp.web.page_errors import register_page_errors
from idp.web.pages import page, pages_blueprint, see_other
from idp.web.session_cookie import current_session


def consent_endpoint(services: Services) -> Blueprint:
    """For the person of this browser's session, in a journey of this browser."""
    blueprint = pages_blueprint("consent", __name__)
    register_page_errors(blueprint, services.metrics)

    @blueprint.get("/consent/<journey_id>")
    def ask(journey_id: str) -> Response:
        found = _find(services, journey_id)
        if found is None:
            return _resume(journey_id)
        journey, person = found
        client = services.decide.get_client(journey)
        known = services.people.find(person.person_id)
        return page(
            "authorize/consent.html",
            form_targets=answer_targets(journey.request.destination),
            foreign_images=bool(client.metadata.logo_uri),
            client=client,
            home=urlsplit(journey.request.destination.redirect_uri).hostname or "",
            asked=consent_page(journey.request),
            person=known,
            session_id=person.session_id,
        )

    @blueprint.post("/consent/<journey_id>")
    def answer(journey_id: str) -> Response:
        now = int(services.clock().timestamp())
        found = _find(services, journey_id)
        # The page was shown to one session; if another person has logged in since, it is shown anew.
        if found is None or request.form.get("session") != found[1].session_id:
            return _resume(journey_id)
        journey, person = found
        match request.form.get("answer"):
            case "accept":
                ticked = request.form.getlist("claim")
                services.give_consent.accept(journey, person, ticked, now, g.request_id)
            case "reject":
                services.give_consent.reject(journey, person, now, g.request_id)
            case _:
                return see_other(url_for(".ask", journey_id=journey_id))
        return _resume(journey_id)

    return blueprint


def _find(services: Services, journey_id: str) -> tuple[Journey, Authentication] | None:
    """The journey and the person, when consent is what comes next."""
    journey = services.journeys.find(journey_id, journey_cookie(services, journey_id))
    session = current_session(services)
    if journey is None or session is None:
        return None
    g.client_id = journey.client_id
    person = session.authentication()
    step = services.decide.step(journey, person, int(services.clock().timestamp()))
    return (journey, person) if isinstance(step, Consent) else None


def _resume(journey_id: str) -> Response:
    return see_other(url_for("authorization.resume", journey_id=journey_id))
