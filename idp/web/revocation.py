"""POST /revoke (RFC 7009)."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, g, request

from idp.grants.form_request import FormRequest
from idp.grants.revocation import RevocationEndpoint
from idp.grants.server import AuthorizationServer
from idp.web.answer import json_answer
from idp.web.form import read_form


def revocation_endpoint(
    server: AuthorizationServer, endpoint: RevocationEndpoint, clock: Callable[[], datetime]
) -> Blueprint:
    """Authentication: the client, or the very token as the bearer."""
    blueprint = Blueprint("revocation", __name__)

    @blueprint.post("/revoke")
    def revoke() -> Response:
        asked = FormRequest(read_form(request, clock()))
        scheme, _, shown = asked.strict_form.authorization.partition(" ")
        # Whoever holds a bearer token may end it: nobody loses by that. The CSC's auth/revoke needs it.
        own = scheme.lower() == "bearer" and shown and shown == asked.form.get("token")
        if own and endpoint.revoke_shown(shown, asked.moment):
            return json_answer(200, {})
        try:
            status, body = server.answer_endpoint("revocation", asked)
        finally:
            g.client_id = asked.client.client_id if asked.client else None
        return json_answer(status, body)

    return blueprint
