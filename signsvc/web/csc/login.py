"""auth/login, auth/revoke (v1.0.4 §11.2, §11.3; auth/revoke in v2 too)."""

from flask import Response, request

from signsvc.usecases.csc_login import CscLogin
from signsvc.usecases.csc_refusal import CscRefused
from signsvc.web.answers import json_answer
from signsvc.web.csc.endpoints import CscEndpoints
from signsvc.web.csc.parameters import given
from signsvc.web.csc.sad import MAX_SAD
from signsvc.web.endpoints import NO_AUTHENTICATION

MALFORMED = "Malformed authorization header"


def login_methods(login: CscLogin) -> CscEndpoints:
    """Handed on to the identity provider."""
    api = CscEndpoints("login")

    @api.method("auth/login", authentication=NO_AUTHENTICATION, quota="verify-per-address", versions=("v1",))
    def auth_login(version: str) -> Response:
        """HTTP Basic: a client that has a secret. People log in by oauth2/authorize, with two factors."""
        asked = given()
        asked.client_data()
        if asked.find("refresh_token") is not None:
            raise CscRefused("Invalid refresh_token", detail="none is ever given")
        return json_answer(login.log_in(_authorization("basic")))

    @api.method("auth/revoke", quota="reads-per-client")
    def auth_revoke(version: str) -> Response:
        """The token itself is the right to give it back."""
        asked = given()
        token = asked.text("token", maximum=MAX_SAD)
        hint = asked.find_text("token_type_hint")
        if hint not in (None, "access_token", "refresh_token"):
            raise CscRefused("Invalid string parameter token_type_hint")
        asked.client_data()
        login.revoke(f"Bearer {token}", token)
        return Response(status=204)

    return api


def _authorization(scheme: str) -> str:
    header = request.headers.get("Authorization", "")
    if header.partition(" ")[0].lower() != scheme or not header.partition(" ")[2]:
        raise CscRefused(MALFORMED)
    return header
