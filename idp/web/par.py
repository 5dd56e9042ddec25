"""POST /par (RFC 9126): a client sends its authorization request itself, and gets an address for it."""

from flask import Blueprint, Response, g, request

from idp.grants.authorization_requests import Sender
from idp.grants.form_request import Form, FormRequest
from idp.protocol.authorize.asked import Parameters
from idp.protocol.client_certificate import certificate_thumbprint
from idp.services import Services
from idp.web.answer import json_answer
from idp.web.form import read_form


def par_endpoint(services: Services) -> Blueprint:
    """Authentication: as at the token endpoint."""
    blueprint = Blueprint("par", __name__)

    @blueprint.post("/oauth2/pushed_authorize")  # as the CSC API calls it
    @blueprint.post("/par")
    def par() -> Response:
        moment = services.clock()
        form = read_form(request, moment)
        asked = FormRequest(form)
        g.asked = form.fields
        client = services.server.authenticate_pushing_client(asked)
        g.client_id = client.client_id
        now = int(moment.timestamp())
        request_uri, seconds = services.authorization_requests.push(
            Parameters(form.fields, tuple(form.resources)), client, _sender(services, form), now
        )
        return json_answer(201, {"request_uri": request_uri, "expires_in": seconds})

    return blueprint


def _sender(services: Services, form: Form) -> Sender:
    """RFC 9449 §10.1: a proof at the pushed request binds the code to its key."""
    jkt = services.tokens.proofs.verify(form.proofs, method="POST", path=form.path, now=form.now.timestamp())
    return Sender(jkt, certificate_thumbprint(form.certificate) if form.certificate else "")
