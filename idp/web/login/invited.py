"""GET /login/invited/<token>: the link of an administrator's invitation to enrol a passkey."""

from flask import Blueprint, Response, url_for

from idp.services import Services
from idp.store.login_progress import Progress
from idp.store.passkey_invitations import handle_of
from idp.web.own_journey import begin_to_log_in
from idp.web.page_errors import error_page


def invited_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/login/invited/<token>")
    def invited(token: str) -> Response:
        """To the login page: the link opens nothing, it only goes along (login/enrolment.py)."""
        handle = handle_of(token[:100])
        if services.login.invitations.find(handle) is None:
            return error_page("invitation_over", 400)
        answer, journey, cookie_value = begin_to_log_in(services, url_for("account.factors"))
        services.login.progress.save(journey.journey_id, cookie_value, Progress(invitation=handle))
        return answer
