"""POST /par (RFC 9126): a client sends its authorization request itself, and gets an address for it."""

from flask import Blueprint, Response, g, request

from idp.grants.authorization_requests import Sender
from idp.grants.form_request import FormRequest
from idp.protocol.authorize.asked import Parameters
from idp.services import Services
from idp.web.answer import json_answer
from idp.web.form import read_form


def par_endpoint(services: Services) -> Blueprint:
    """Authentication: as at the token endpoint."""
    blueprint = Blueprint("par", __name__)

    @blueprint.post("/par")
    def par() -> Response:
        moment = services.clock()
        form = read_form(request, moment)
        asked = FormRequest(form)
        client = services.server.authenticate_pushing_client(asked)
        g.client_id = client.client_id
        request_uri, seconds = services.authorization_requests.push(
            Parameters(form.fields, tuple(form.resources)), client, Sender(), int(moment.timestamp())
        )
        return json_answer(201, {"request_uri": request_uri, "expires_in": seconds})

    return blueprint
