"""JSON under /admin/v1: for administrators' programs. Errors are RFC 9457 problem details."""

from dataclasses import asdict
from typing import Any

import orjson
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from idp.errors import (
    ClientExists,
    ClientUnknown,
    IdpError,
    InsufficientScope,
    InvalidDpopProof,
    InvalidRequest,
    InvalidToken,
    RegistrationRefused,
    UseDpopNonce,
)
from idp.grants.resource_access import ResourceAccess
from idp.registration.administer import Administer
from idp.registration.look_after import LookAfter
from idp.registration.self_test import SelfTestClient, told
from idp.services import Services
from idp.store.idempotency import IdempotencyKeys
from idp.web.errors import challenge
from idp.web.integrators.idempotent import once
from idp.web.integrators.shown import shown_client
from idp.web.json_body import read_json_object
from idp.web.problem import problem_answer
from idp.web.shown import shown_token

SCOPE = "admin"
MAX_PAGE = 100
ACTS = {"disable": "disabled", "enable": "active"}


def admin_api(
    services: Services,
    look_after: LookAfter,
    administer: Administer,
    keys: IdempotencyKeys,
    access: ResourceAccess,
    self_test: SelfTestClient,
) -> Blueprint:
    """Authentication: an access token for the resource <issuer>/admin/v1 with the scope ``admin``."""
    blueprint = Blueprint("admin_api", __name__, url_prefix="/admin/v1")

    def now() -> int:
        return int(services.clock().timestamp())

    @blueprint.before_request
    def authenticate() -> None:
        caller = access.check(shown_token(request), scope=SCOPE, moment=services.clock())
        g.client_id = caller.client_id

    @blueprint.get("/clients")
    def clients() -> Response:
        limit = _limit()
        after = request.args.get("after", "")
        later = [each for each in look_after.find_all() if each.client_id > after]
        listed = later[:limit]
        findings = look_after.findings(now(), tuple(each.client_id for each in listed)) if listed else {}
        body: dict[str, Any] = {
            "clients": [shown_client(each, findings.get(each.client_id, [])) for each in listed]
        }
        if len(later) > limit:
            body["next"] = listed[-1].client_id
        return _answer(200, body)

    @blueprint.post("/clients")
    def create() -> Response:
        body = read_json_object(request)

        def act() -> Response:
            made, secret = administer.create(body, by=g.client_id, now=now())
            return with_location(_answer(201, shown(made.client_id, secret)))

        return once(keys, act, lambda status, kept: with_location(_json(status, kept)))

    @blueprint.get("/clients/<client_id>")
    def client(client_id: str) -> Response:
        return _answer(200, shown(client_id))

    @blueprint.put("/clients/<client_id>")
    def replace(client_id: str) -> Response:
        body = read_json_object(request)

        def act() -> Response:
            _, secret = administer.replace(client_id, body, by=g.client_id, now=now())
            return _answer(200, shown(client_id, secret))

        return once(keys, act, _json)

    @blueprint.get("/clients/<client_id>/self-test")
    def self_test_of(client_id: str) -> Response:
        return _answer(200, told(self_test.report(client_id, now())))

    @blueprint.post("/clients/<client_id>/secret")
    def rotate_secret(client_id: str) -> Response:
        asked = read_json_object(request)
        numbers = {name: value for name, value in asked.items() if name in ("days", "overlap_days")}
        if numbers != asked or any(type(value) is not int for value in numbers.values()):
            raise InvalidRequest("The body may hold days and overlap_days, both integers.")

        def act() -> Response:
            _, secret = look_after.rotate_secret(client_id, by=g.client_id, now=now(), **numbers)
            return _answer(200, shown(client_id, secret))

        return once(keys, act, _json)

    @blueprint.post("/clients/<client_id>/<any(disable, enable):act>")
    def change_state(client_id: str, act: str) -> Response:
        def change() -> Response:
            look_after.change_state(client_id, ACTS[act], by=g.client_id, now=now())
            return _answer(200, shown(client_id))

        return once(keys, change, _json)

    @blueprint.get("/clients/<client_id>/findings")
    def findings(client_id: str) -> Response:
        """``reach=true``: also ask the client's jwks_uri."""
        reach = request.args.get("reach", "false")
        if reach not in ("true", "false"):
            raise InvalidRequest("reach is true or false.")
        look_after.find(client_id)
        found = look_after.findings(now(), (client_id,), reach=reach == "true")[client_id]
        return _answer(200, {"findings": [asdict(each) for each in found]})

    _errors(blueprint, services)

    def shown(client_id: str, secret: str = "") -> dict[str, Any]:
        found = look_after.find(client_id)
        told = shown_client(found, look_after.findings(now(), (client_id,))[client_id])
        # Shown this once: only its hash is kept.
        return told | {"client_secret": secret} if secret else told

    def with_location(answer: Response) -> Response:
        client_id = orjson.loads(answer.get_data())["client_id"]
        answer.headers["Location"] = f"{services.settings.issuer}/admin/v1/clients/{client_id}"
        return answer

    return blueprint


def _errors(blueprint: Blueprint, services: Services) -> None:
    issuer = services.settings.issuer

    @blueprint.errorhandler(RegistrationRefused)
    def refused(error: RegistrationRefused) -> Response:
        kinds: dict[type[RegistrationRefused], tuple[int, str]] = {
            ClientUnknown: (404, "not_found"),
            ClientExists: (409, "client_exists"),
        }
        status, code = kinds.get(type(error), (400, "invalid_request"))
        g.error, g.error_detail = code, "registration"
        return problem_answer(issuer, status, code, str(error))

    @blueprint.errorhandler(IdpError)
    def failed(error: IdpError) -> Response:
        g.error, g.error_detail = error.error, error.detail
        services.metrics.errors.labels(error.error).inc()
        at_resource = isinstance(error, InvalidDpopProof) and error.at_resource
        answer = problem_answer(issuer, 401 if at_resource else error.status_code, error.error, error.message)
        if at_resource or isinstance(error, InvalidToken | InsufficientScope):
            answer.headers["WWW-Authenticate"] = challenge(error, issuer)
        if isinstance(error, UseDpopNonce):
            answer.headers["DPoP-Nonce"] = error.nonce
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    @blueprint.errorhandler(HTTPException)
    def http_refused(error: HTTPException) -> Response:
        status = error.code or 500
        g.error, g.error_detail = "http", str(status)
        return problem_answer(issuer, status, "invalid_request", error.name)


def _limit() -> int:
    """Strict: a limit that is no number is a mistake, not a wish for the default."""
    written = request.args.get("limit", str(MAX_PAGE))
    if not (written.isascii() and written.isdigit() and len(written) < 4 and 1 <= int(written) <= MAX_PAGE):
        raise InvalidRequest(f"limit is 1 to {MAX_PAGE}.")
    return int(written)


def _answer(status: int, body: dict[str, Any]) -> Response:
    return _json(status, orjson.dumps(body))


def _json(status: int, body: bytes) -> Response:
    answer = Response(body, status=status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
