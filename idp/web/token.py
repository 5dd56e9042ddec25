"""POST /token (RFC 6749 §3.2)."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, g, request

from idp.errors import InvalidRequest
from idp.grants.form_request import FormRequest
from idp.grants.server import AuthorizationServer
from idp.web.answer import json_answer
from idp.web.form import read_form
from idp.web.metrics import Metrics


def token_endpoint(server: AuthorizationServer, clock: Callable[[], datetime], metrics: Metrics) -> Blueprint:
    """Authentication: private_key_jwt, by the grant."""
    blueprint = Blueprint("token", __name__)

    @blueprint.post("/token")
    def token() -> Response:
        form = read_form(request, clock())
        if "grant_type" not in form.fields:
            raise InvalidRequest("The parameter grant_type is missing.", detail="grant_type")
        asked = FormRequest(form)
        g.asked, g.token_request = form.fields, asked
        try:
            status, body = server.answer_token(asked)
        finally:
            g.client_id = asked.client.client_id if asked.client else None
        metrics.tokens.labels(form.fields["grant_type"]).inc()
        return json_answer(status, body)

    return blueprint
