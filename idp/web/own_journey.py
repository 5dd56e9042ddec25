"""A login for our own pages: a journey without a relying party, which comes back to a path of ours."""

from dataclasses import replace

from flask import Response, url_for

from idp.login.journey import Journey, LoginAsked
from idp.protocol.authorize.request import AuthorizationRequest, Destination
from idp.protocol.session import Session
from idp.services import Services
from idp.web.journey_cookie import set_journey_cookie
from idp.web.pages import see_other


def ask_to_log_in(
    services: Services,
    path: str,
    *,
    reason: str = "login",
    acr_values: tuple[str, ...] = (),
    session: Session | None = None,
) -> Response:
    """To the login page, and then to ``path``: see ``begin_to_log_in``."""
    answer, _, _ = begin_to_log_in(services, path, reason=reason, acr_values=acr_values, session=session)
    return answer


def begin_to_log_in(
    services: Services,
    path: str,
    *,
    reason: str = "login",
    acr_values: tuple[str, ...] = (),
    session: Session | None = None,
) -> tuple[Response, Journey, str]:
    """The way to the login page, the journey and its cookie's value.

    ``path`` is where the person comes out: one of ours, never what a request says.
    ``reason``: login, reauthenticate (prove it again) or step_up (reach ``acr_values``).
    """
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("not a path of ours")
    journey, cookie_value = services.journeys.prepare(
        AuthorizationRequest(Destination("", path)),
        session=session.authentication() if session else None,
        now=int(services.clock().timestamp()),
    )
    asked = LoginAsked(
        reason,
        acr_values,
        session_id=session.session_id if session else "",
        auth_time=session.auth_time if session else 0,
    )
    services.journeys.keep(replace(journey, login=asked), cookie_value)
    answer = see_other(url_for("login.start", journey_id=journey.journey_id))
    set_journey_cookie(answer, services, journey.journey_id, cookie_value)
    return answer, journey, cookie_value
