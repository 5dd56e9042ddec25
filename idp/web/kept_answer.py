"""The answer of a journey, for the browser that lost it: a double click or a reload gets the same again."""

from collections.abc import Mapping

import orjson
from flask import Response

from idp.login.journey import Journey
from idp.protocol.authorize.request import Destination
from idp.services import Services
from idp.web.authorization_response import respond
from idp.web.journey_cookie import journey_cookie

Waiting = tuple[Destination, dict[str, str]]


def keep_and_respond(
    services: Services, journey: Journey, cookie: str, parameters: Mapping[str, str]
) -> Response:
    """The first answer of this journey, whichever of two clicks brings it: never two codes."""
    made = orjson.dumps({"destination": journey.request.destination.plain(), "parameters": parameters})
    return respond(services, *_read(services.journeys.keep_answer(journey.journey_id, cookie, made)))


def find_waiting_answer(services: Services, journey_id: str) -> Waiting | None:
    """This browser's, while it is of use: a code that was redeemed must not be sent a second time, or the
    relying party would look like a thief and lose its tokens (RFC 6749 §4.1.2).
    """
    kept = services.journeys.find_answer(journey_id, journey_cookie(services, journey_id))
    if kept is None:
        return None
    destination, parameters = _read(kept)
    code = parameters.get("code")
    return (destination, parameters) if not code or services.codes.is_waiting(code) else None


def answer_again(services: Services, journey_id: str) -> Response | None:
    """None when there is nothing to repeat."""
    waiting = find_waiting_answer(services, journey_id)
    return respond(services, *waiting) if waiting else None


def _read(kept: bytes) -> Waiting:
    stored = orjson.loads(kept)
    return Destination(**stored["destination"]), stored["parameters"]
