"""/oauth2/…: the same endpoints under the names that the CSC API builds (v1.0.4 §8.3, v2.0.0.2 §8.2).

Its clients append these paths to the address that ``info`` gives. Two answers differ in form: a token of
scope ``credential`` is called a SAD (v1.0.4 §8.3.3) and names its credential, and a revocation is 204.
"""

from typing import Any

from flask import Blueprint, Flask, Response, g, request

from idp.grants.form_request import FormRequest
from idp.protocol.csc_credential import CREDENTIAL_SCOPE, is_csc
from idp.services import Services
from idp.web.form import read_form
from idp.web.token import token_endpoint


def register_csc_oauth2_endpoints(app: Flask, services: Services, below: str | None) -> None:
    """Authentication: the client, as at the endpoints they stand for. ``authorize`` and ``pushed_authorize``
    are further names of /authorize and /par, said there.
    """
    token = token_endpoint(
        services.server, services.clock, services.metrics,
        name="csc_token", path="/oauth2/token", reword=_in_csc_words,
    )  # fmt: skip
    app.register_blueprint(token, url_prefix=below)
    app.register_blueprint(_revocation(services), url_prefix=below)


def _revocation(services: Services) -> Blueprint:
    blueprint = Blueprint("csc_revocation", __name__)

    @blueprint.post("/oauth2/revoke")
    def revoke() -> Response:
        asked = FormRequest(read_form(request, services.clock()))
        try:
            services.server.answer_endpoint("revocation", asked)
        finally:
            g.client_id = asked.client.client_id if asked.client else None
        return Response(status=204)

    return blueprint


def _in_csc_words(body: dict[str, Any]) -> dict[str, Any]:
    told = dict(body)
    if CREDENTIAL_SCOPE in str(told.get("scope", "")).split() and told.get("token_type") == "Bearer":
        told["token_type"] = "SAD"  # noqa: S105 -- a type
    for detail in told.get("authorization_details", ()):
        if is_csc(detail):
            told["credentialID"] = detail["credentialID"]
    return told
