"""POST /register (RFC 7591) and GET, PUT, DELETE /register/<client_id> (RFC 7592)."""

from flask import Blueprint, Response, g, request

from idp.services import Services
from idp.web.answer import json_answer
from idp.web.json_body import bearer_token, read_json_object


def registration_endpoint(services: Services) -> Blueprint:
    """Authentication: an initial access token, then the client's own registration access token."""
    blueprint = Blueprint("register", __name__)
    registrar = services.registrar

    def now() -> int:
        return int(services.clock().timestamp())

    @blueprint.post("/register")
    def register() -> Response:
        told = registrar.register(bearer_token(request), read_json_object(request), now())
        g.client_id = told["client_id"]
        return json_answer(201, told)

    @blueprint.get("/register/<client_id>")
    def read(client_id: str) -> Response:
        return json_answer(200, registrar.read(client_id, bearer_token(request)))

    @blueprint.put("/register/<client_id>")
    def replace(client_id: str) -> Response:
        token, body = bearer_token(request), read_json_object(request)
        return json_answer(200, registrar.replace(client_id, token, body, now()))

    @blueprint.delete("/register/<client_id>")
    def delete(client_id: str) -> Response:
        registrar.delete(client_id, bearer_token(request), now())
        answer = Response(status=204)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint
