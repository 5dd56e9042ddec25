"""POST /revoke (RFC 7009)."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, g, request

from idp.grants.form_request import FormRequest
from idp.grants.server import AuthorizationServer
from idp.web.answer import json_answer
from idp.web.form import read_form


def revocation_endpoint(server: AuthorizationServer, clock: Callable[[], datetime]) -> Blueprint:
    """Authentication: private_key_jwt, by the endpoint."""
    blueprint = Blueprint("revocation", __name__)

    @blueprint.post("/revoke")
    def revoke() -> Response:
        asked = FormRequest(read_form(request, clock()))
        try:
            status, body = server.answer_endpoint("revocation", asked)
        finally:
            g.client_id = asked.client.client_id if asked.client else None
        return json_answer(status, body)

    return blueprint
