"""JSON under /admin/v1: for administrators' programs. Errors are RFC 9457 problem details."""

from typing import Any

import orjson
from flask import Blueprint, Response, g, request

from idp.error_catalogue import ERRORS
from idp.errors import IdpError, InsufficientScope, InvalidRequest, InvalidToken, RegistrationRefused
from idp.grants.resource_access import ResourceAccess
from idp.registration.look_after import LookAfter
from idp.services import Services
from idp.web.errors import challenge
from idp.web.integrators.shown import shown_client
from idp.web.json_body import read_json_object
from idp.web.shown import shown_token

SCOPE = "admin"
MAX_PAGE = 100


def admin_api(services: Services, look_after: LookAfter, access: ResourceAccess) -> Blueprint:
    """Authentication: an access token for the resource <issuer>/admin/v1 with the scope ``admin``."""
    blueprint = Blueprint("admin_api", __name__, url_prefix="/admin/v1")
    issuer = services.settings.issuer

    def now() -> int:
        return int(services.clock().timestamp())

    @blueprint.before_request
    def authenticate() -> None:
        caller = access.check(shown_token(request), scope=SCOPE, moment=services.clock())
        g.client_id = caller.client_id

    @blueprint.get("/clients")
    def clients() -> Response:
        limit = request.args.get("limit", MAX_PAGE, type=int)
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidRequest(f"limit is 1 to {MAX_PAGE}.")
        after = request.args.get("after", "")
        later = [each for each in look_after.find_all() if each.client_id > after]
        shown = later[:limit]
        findings = look_after.findings(now(), tuple(each.client_id for each in shown)) if shown else {}
        body: dict[str, Any] = {
            "clients": [shown_client(each, findings.get(each.client_id, [])) for each in shown]
        }
        if len(later) > limit:
            body["next"] = shown[-1].client_id
        return _answer(200, body)

    @blueprint.get("/clients/<client_id>")
    def client(client_id: str) -> Response:
        return _answer(200, _shown(client_id))

    @blueprint.post("/clients/<client_id>/secret")
    def rotate_secret(client_id: str) -> Response:
        asked = read_json_object(request)
        numbers = {name: value for name, value in asked.items() if name in ("days", "overlap_days")}
        if numbers != asked or any(type(value) is not int for value in numbers.values()):
            raise InvalidRequest("The body may hold days and overlap_days, both integers.")
        _, secret = look_after.rotate_secret(client_id, by=g.client_id, now=now(), **numbers)
        return _answer(200, {**_shown(client_id), "client_secret": secret})

    @blueprint.post("/clients/<client_id>/<any(disable, enable):act>")
    def change_state(client_id: str, act: str) -> Response:
        state = {"disable": "disabled", "enable": "active"}[act]
        look_after.change_state(client_id, state, by=g.client_id, now=now())
        return _answer(200, _shown(client_id))

    @blueprint.errorhandler(RegistrationRefused)
    def refused(error: RegistrationRefused) -> Response:
        unknown = error.message_en.startswith("There is no client")
        status = 404 if unknown else 400
        g.error, g.error_detail = "registration_refused", str(status)
        return _problem(status, "not_found" if unknown else "invalid_request", str(error))

    @blueprint.errorhandler(IdpError)
    def failed(error: IdpError) -> Response:
        g.error, g.error_detail = error.error, error.detail
        services.metrics.errors.labels(error.error).inc()
        answer = _problem(error.status_code, error.error, error.message)
        if isinstance(error, InvalidToken | InsufficientScope):
            answer.headers["WWW-Authenticate"] = challenge(error, issuer)
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    def _shown(client_id: str) -> dict[str, Any]:
        found = look_after.find(client_id)
        return shown_client(found, look_after.findings(now(), (client_id,))[client_id])

    def _problem(status: int, code: str, detail: str) -> Response:
        entry = ERRORS.get(code)
        body = {
            "type": f"{issuer}/errors#{code}" if entry else "about:blank",
            "title": entry.en if entry else "Not found.",
            "status": status,
            "detail": detail,
        }
        answer = _answer(status, body)
        answer.content_type = "application/problem+json"
        return answer

    return blueprint


def _answer(status: int, body: dict[str, Any]) -> Response:
    answer = Response(orjson.dumps(body), status=status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
