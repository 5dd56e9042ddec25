"""POST /token (RFC 6749 §3.2)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, request

from idp.errors import InvalidRequest
from idp.grants.form_request import FormRequest
from idp.grants.server import AuthorizationServer
from idp.web.answer import json_answer
from idp.web.form import read_form
from idp.web.metrics import Metrics

Reword = Callable[[dict[str, Any]], dict[str, Any]]


def token_endpoint(
    server: AuthorizationServer,
    clock: Callable[[], datetime],
    metrics: Metrics,
    *,
    name: str = "token",
    path: str = "/token",
    reword: Reword = lambda body: body,
) -> Blueprint:
    """Authentication: the client, by the grant. ``path``, ``reword``: as another standard calls it."""
    blueprint = Blueprint(name, __name__)

    @blueprint.post(path)
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
        return json_answer(status, reword(body))

    return blueprint
