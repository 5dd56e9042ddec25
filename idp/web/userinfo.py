"""GET and POST /userinfo (OpenID Connect Core §5.3)."""

from flask import Blueprint, Response, g, request

from idp.errors import InvalidRequest, InvalidToken
from idp.grants.shown_token import Shown
from idp.services import Services
from idp.web.answer import json_answer
from idp.web.form import FORM, read_form
from idp.web.key_proofs import dpop_headers, peer_certificate


def userinfo_endpoint(services: Services) -> Blueprint:
    """Authentication: an access token of scope openid, in the header or in the body (RFC 6750 §2)."""
    blueprint = Blueprint("userinfo", __name__)

    @blueprint.route("/userinfo", methods=["GET", "POST"])
    def userinfo() -> Response:
        moment = services.clock()
        scheme, token = _token(services)
        shown = Shown(
            scheme=scheme,
            token=token,
            method=request.method,
            path=request.path,
            proofs=dpop_headers(request),
            certificate=peer_certificate(),
        )
        told, g.client_id = services.userinfo(shown, moment)
        if isinstance(told, dict):
            return json_answer(200, told)
        answer = Response(told, content_type="application/jwt")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint


def _token(services: Services) -> tuple[str, str]:
    """Scheme (lower case) and token. Never from the URL. Raises InvalidRequest, InvalidToken."""
    scheme, _, in_header = request.headers.get("Authorization", "").partition(" ")
    in_body = ""
    if request.method == "POST" and request.mimetype == FORM:
        in_body = read_form(request, services.clock()).fields.get("access_token", "")
    if in_header and in_body:
        raise InvalidRequest("Send the access token in one way only.", detail="several tokens")
    if in_body:
        return "bearer", in_body
    if scheme.lower() not in ("bearer", "dpop") or not in_header.strip():
        raise InvalidToken(detail="no token")
    return scheme.lower(), in_header.strip()
