"""POST /introspect (RFC 7662), answered in JSON or as a signed JWT (RFC 9701)."""

from typing import Any

from flask import Blueprint, Response, g, request

from idp.grants.form_request import FormRequest
from idp.protocol.client import Client
from idp.protocol.introspection_jwt import INTROSPECTION_MEDIA_TYPE, INTROSPECTION_TYP, introspection_claims
from idp.services import Services
from idp.web.answer import json_answer
from idp.web.form import read_form


def introspection_endpoint(services: Services) -> Blueprint:
    """Authentication: the client, by the method it registered."""
    blueprint = Blueprint("introspection", __name__)

    @blueprint.post("/introspect")
    def introspect() -> Response:
        asked = FormRequest(read_form(request, services.clock()))
        try:
            status, body = services.server.answer_endpoint("introspection", asked)
        finally:
            g.client_id = asked.client.client_id if asked.client else None
        client = asked.client
        wants_jwt = request.accept_mimetypes.best == INTROSPECTION_MEDIA_TYPE
        if client is not None and (wants_jwt or client.metadata.introspection_signed_response_alg):
            return _signed(services, client, body, asked.moment)
        return json_answer(status, body)

    return blueprint


def _signed(services: Services, client: Client, body: dict[str, Any], now: int) -> Response:
    """For resource servers that must be able to prove later what they were told (RFC 9701 §5)."""
    claims = introspection_claims(body, issuer=services.settings.issuer, audience=client.client_id, now=now)
    algorithm = client.metadata.introspection_signed_response_alg or client.token_algorithm
    signed = services.token_keys.sign(algorithm, claims, typ=INTROSPECTION_TYP)
    answer = Response(signed, content_type=INTROSPECTION_MEDIA_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer
