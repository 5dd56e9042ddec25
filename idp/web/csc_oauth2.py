"""/oauth2/…: the same endpoints under the names that the CSC API builds (v1.0.4 §8.3, v2.0.0.2 §8.2).

Its clients append these paths to the address that ``info`` gives. Two answers differ in form: a token of
scope ``credential`` is called a SAD (v1.0.4 §8.3.3) and names its credential, and a revocation is 204.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, request

from idp.errors import InvalidRequest
from idp.grants.form_request import FormRequest
from idp.protocol.csc_credential import CREDENTIAL_SCOPE, is_csc
from idp.services import Services
from idp.web.answer import json_answer
from idp.web.form import read_form


def csc_oauth2_endpoints(services: Services) -> Blueprint:
    """Authentication: the client, as at the endpoints they stand for. ``authorize`` and ``pushed_authorize``
    are further names of /authorize and /par, said there.
    """
    blueprint = Blueprint("csc_oauth2", __name__)

    @blueprint.post("/oauth2/token")
    def token() -> Response:
        form = read_form(request, services.clock())
        if "grant_type" not in form.fields:
            raise InvalidRequest("The parameter grant_type is missing.", detail="grant_type")
        asked = FormRequest(form)
        try:
            status, body = services.server.answer_token(asked)
        finally:
            g.client_id = asked.client.client_id if asked.client else None
        services.metrics.tokens.labels(form.fields["grant_type"]).inc()
        return json_answer(status, _in_csc_words(body))

    @blueprint.post("/oauth2/revoke")
    def revoke() -> Response:
        asked = FormRequest(read_form(request, services.clock()))
        try:
            services.server.answer_endpoint("revocation", asked)
        finally:
            g.client_id = asked.client.client_id if asked.client else None
        return Response(status=204)

    return blueprint


def _in_csc_words(body: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(body)
    if CREDENTIAL_SCOPE in str(told.get("scope", "")).split() and told.get("token_type") == "Bearer":
        told["token_type"] = "SAD"  # noqa: S105 -- a type
    for detail in told.get("authorization_details", ()):
        if is_csc(detail):
            told["credentialID"] = detail["credentialID"]
    return told
