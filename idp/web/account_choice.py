"""GET|POST /account-choice/<journey>: prompt=select_account, go on as who is here or as somebody else."""

from flask import Blueprint, Response, g, request, url_for

from idp.login.journey import OTHER_ACCOUNT
from idp.login.next_step import ChooseAccount
from idp.services import Services
from idp.web.authorization_response import answer_targets
from idp.web.journey_cookie import journey_cookie
from idp.web.page_errors import register_page_errors
from idp.web.pages import page, pages_blueprint, see_other
from idp.web.session_cookie import current_session


def account_choice_endpoint(services: Services) -> Blueprint:
    """For the person of this browser's session, in a journey of this browser."""
    blueprint = pages_blueprint("account_choice", __name__)
    register_page_errors(blueprint, services.metrics)

    @blueprint.route("/account-choice/<journey_id>", methods=["GET", "POST"])
    def choose(journey_id: str) -> Response:
        journey = services.journeys.find(journey_id, journey_cookie(services, journey_id))
        session = current_session(services)
        back = see_other(url_for("authorization.resume", journey_id=journey_id))
        if journey is None or session is None:
            return back
        g.client_id = journey.client_id
        now = int(services.clock().timestamp())
        if not isinstance(services.decide.step(journey, session.authentication(), now), ChooseAccount):
            return back
        if request.method == "POST":
            # As the page named it, so that nobody goes on as a person they did not see.
            here = request.form.get("account") == session.session_id
            services.journeys.record(journey_id, account=session.session_id if here else OTHER_ACCOUNT)
            return back
        return page(
            "authorize/account_choice.html",
            form_targets=answer_targets(journey.request.destination),
            client=services.decide.get_client(journey),
            person=services.people.find(session.person_id),
            session_id=session.session_id,
        )

    return blueprint
