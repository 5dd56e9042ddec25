"""GET|POST /authorize (OpenID Connect Core §3.1.2), and the way on from each of its steps."""

from flask import Blueprint, Response, abort, g, request, url_for

from idp.login.journey import Journey
from idp.login.next_step import Answer, Approve, ChooseAccount, ChooseMandate, Consent, Login, Refuse, Step
from idp.protocol.assurance import Authentication
from idp.protocol.authorize.asked import Parameters
from idp.protocol.authorize.errors import ACCESS_DENIED, NotRedirectable, RefusedAt
from idp.protocol.metadata import issuer_path
from idp.services import Services
from idp.store.pushed import PREFIX
from idp.web.authorization_form import read_authorization_parameters
from idp.web.authorization_response import respond
from idp.web.journey_cookie import journey_cookie, set_journey_cookie
from idp.web.kept_answer import answer_again, find_waiting_answer, keep_and_respond
from idp.web.page_errors import register_page_errors
from idp.web.pages import page, remember_language, see_other
from idp.web.session_cookie import current_session

TOO_LATE = "The person did not finish in time. Start the login again."


def authorization_endpoint(services: Services) -> Blueprint:
    """Public. The pages on the way, of login and consent, all come back to ``resume``."""
    blueprint = Blueprint("authorization", __name__)
    register_page_errors(blueprint, services.metrics)

    @blueprint.errorhandler(RefusedAt)
    def refused(error: RefusedAt) -> Response:
        g.error, g.error_detail = error.error, error.detail
        services.metrics.errors.labels(error.error).inc()
        now = int(services.clock().timestamp())
        return respond(
            services,
            error.destination,
            services.answer_journey.refuse(error.destination, error.error, error.message, now, g.request_id),
        )

    @blueprint.route("/oauth2/authorize", methods=["GET", "POST"])  # as the CSC API calls it
    @blueprint.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Response:
        if request.method == "HEAD":
            abort(405)  # whoever asks for headers only wants no code
        now = int(services.clock().timestamp())
        parameters = read_authorization_parameters(request)
        g.asked = parameters.values
        under_way = _under_way(services, parameters)
        if under_way:
            return see_other(url_for(".resume", journey_id=under_way))
        understood = services.authorization_requests.read(parameters, now)
        g.client_id = understood.client.client_id
        remember_language(understood.request.ui_locales)
        posted = request.method == "POST"
        # A form from another site brings no SameSite=Lax cookie, so who is here shows on the way back.
        session = None if posted else _authentication(services)
        journey, cookie = services.journeys.prepare(
            understood.request, session=session, now=now, spends=understood.spends
        )
        if posted:
            return _begin(services, journey, cookie)
        step = services.decide.step(journey, session, now)
        if isinstance(step, Answer | Refuse) and not journey.spends:
            return respond(services, journey.request.destination, _answer(services, journey, step, now))
        _keep(services, journey, cookie)
        answer = _go(services, journey, cookie, step, now)
        set_journey_cookie(answer, services, journey.journey_id, cookie)
        return answer

    @blueprint.get("/authorize/resume/<journey_id>")
    def resume(journey_id: str) -> Response:
        now = int(services.clock().timestamp())
        cookie = journey_cookie(services, journey_id)
        journey = services.journeys.find(journey_id, cookie)
        if journey is not None and cookie is not None:
            if not journey.client_id:
                return see_other(journey.request.destination.redirect_uri)
            g.client_id = journey.client_id
            journey = services.ask_approval.look(journey, now)
            step = services.decide.step(journey, _authentication(services), now)
            return _go(services, journey, cookie, step, now)
        return answer_again(services, journey_id) or _without_journey(services, journey_id, now)

    return blueprint


def _go(services: Services, journey: Journey, cookie: str, step: Step, now: int) -> Response:
    """To the page of this step, or back to the relying party."""
    below = issuer_path(services.settings.issuer)
    match step:
        case Login():
            services.journeys.record(journey.journey_id, login=step.asked)
            return see_other(f"{below}/login/{journey.journey_id}")
        case ChooseMandate():
            return see_other(f"{below}/login/{journey.journey_id}/mandate")
        case ChooseAccount():
            return see_other(url_for("account_choice.choose", journey_id=journey.journey_id))
        case Approve():
            return _approve(services, journey, cookie, now)
        case Consent():
            return see_other(url_for("consent.ask", journey_id=journey.journey_id))
        case Answer() | Refuse():
            return keep_and_respond(services, journey, cookie, _answer(services, journey, step, now))


def _approve(services: Services, journey: Journey, cookie: str, now: int) -> Response:
    """To the signing service's page, with the person whom this browser's session is of."""
    session = _authentication(services)
    if session is None:
        return see_other(url_for(".resume", journey_id=journey.journey_id))
    address = services.ask_approval.begin(
        journey, session.person_id, services.decide.get_client(journey), now
    )
    if address:
        return see_other(address)
    return keep_and_respond(services, journey, cookie, _answer(services, journey, Refuse(ACCESS_DENIED), now))


def _answer(services: Services, journey: Journey, step: Answer | Refuse, now: int) -> dict[str, str]:
    if isinstance(step, Answer):
        g.error = ""
        return services.answer_journey.grant(journey, step, now, g.request_id)
    g.error = step.error
    return services.answer_journey.refuse(journey.request.destination, step.error, "", now, g.request_id)


def _keep(services: Services, journey: Journey, cookie: str) -> None:
    services.journeys.keep(journey, cookie)
    if journey.spends.startswith(PREFIX):
        services.pushed.begin(journey.spends, journey.journey_id)


def _begin(services: Services, journey: Journey, cookie: str) -> Response:
    """The journey is under way in this browser."""
    _keep(services, journey, cookie)
    answer = see_other(url_for(".resume", journey_id=journey.journey_id))
    set_journey_cookie(answer, services, journey.journey_id, cookie)
    return answer


def _under_way(services: Services, parameters: Parameters) -> str:
    """The journey that this browser already has for a pushed request: a reload goes on with it."""
    request_uri = parameters.get("request_uri")
    if not request_uri.startswith(PREFIX):
        return ""
    journey_id = services.pushed.find_journey(request_uri)
    owed = services.journeys.find_owed(journey_id) if journey_id else None
    if owed is None or owed.client_id != parameters.get("client_id"):
        return ""
    live = services.journeys.find(journey_id, journey_cookie(services, journey_id))
    return journey_id if live or find_waiting_answer(services, journey_id) else ""


def _without_journey(services: Services, journey_id: str, now: int) -> Response:
    """The cookie is lost, the time is over, or the address is made up: begin anew, or tell who waits."""
    owed = services.journeys.find_owed(journey_id)
    if owed is None:
        raise NotRedirectable("journey_unknown", "This login is over.")
    if not owed.client_id:
        # A login for a page of our own: that page asks for it again when it is still wanted.
        return see_other(owed.redirect_uri)
    if services.journeys.has_arrived(journey_id):
        return page("authorize/arrived.html", client=services.clients.find_client(owed.client_id))
    begun = services.journeys.find_request(journey_id)
    if begun is not None:
        asked, spends = begun
        fresh, cookie = services.journeys.prepare(
            asked, session=_authentication(services), now=now, spends=spends
        )
        return _begin(services, fresh, cookie)
    return respond(
        services, owed, services.answer_journey.refuse(owed, ACCESS_DENIED, TOO_LATE, now, g.request_id)
    )


def _authentication(services: Services) -> Authentication | None:
    session = current_session(services)
    return session.authentication() if session else None
