"""SCIM 2.0 under /scim/v2 (RFC 7644): Users, Groups, Bulk."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request
from pydantic import ValidationError
from scim2_models import Context, InvalidSyntaxException, NotFoundException, ResponseParameters, SCIMException
from werkzeug.exceptions import HTTPException

from idp.errors import IdpError, InsufficientScope, InvalidToken
from idp.grants.resource_access import ResourceAccess
from idp.protocol.strict_json import parse_strict_object
from idp.provisioning.bulk import scim_error
from idp.provisioning.caller import Caller, caller_of
from idp.provisioning.scim import Scim
from idp.services import Services
from idp.web.errors import challenge
from idp.web.scim_answer import SCIM_JSON, scim_answer, scim_error_answer
from idp.web.shown import shown_token

SCOPE = "scim"


def scim_endpoints(services: Services, scim: Scim, access: ResourceAccess) -> Blueprint:
    """Authentication: an access token for the resource <issuer>/scim/v2 with the scope ``scim``.

    A system sees its agency; one that is registered for ``scim.province`` as well sees them all.
    """
    blueprint = Blueprint("scim", __name__, url_prefix="/scim/v2")
    kinds: dict[str, tuple[Any, Any]] = {
        "Users": (scim.users, scim.search.users),
        "Groups": (scim.groups, scim.search.organisations),
    }

    def now() -> int:
        return int(services.clock().timestamp())

    @blueprint.before_request
    def authenticate() -> None:
        client = access.check(shown_token(request), scope=SCOPE, moment=services.clock())
        g.client_id = client.client_id
        g.scim_caller = caller_of(client)

    @blueprint.get("/<any(Users, Groups):kind>")
    def query(kind: str) -> Response:
        return _listed(kinds[kind][1], request.args.to_dict())

    @blueprint.post("/<any(Users, Groups):kind>/.search")
    def search(kind: str) -> Response:
        return _listed(kinds[kind][1], _body())

    @blueprint.post("/.search")
    def search_all() -> Response:
        return _listed(scim.search.everything, _body())

    @blueprint.post("/<any(Users, Groups):kind>")
    def create(kind: str) -> Response:
        made = kinds[kind][0].create(g.scim_caller, _body(), now())
        return _resource(made, 201, Context.RESOURCE_CREATION_RESPONSE)

    @blueprint.get("/<any(Users, Groups):kind>/<resource_id>")
    def read(kind: str, resource_id: str) -> Response:
        found = kinds[kind][0].read(g.scim_caller, resource_id)
        if found.meta.version in [
            each.strip() for each in request.headers.get("If-None-Match", "").split(",")
        ]:
            return Response(status=304, headers={"ETag": found.meta.version})
        return _resource(found, 200, Context.RESOURCE_QUERY_RESPONSE)

    @blueprint.put("/<any(Users, Groups):kind>/<resource_id>")
    def replace(kind: str, resource_id: str) -> Response:
        changed = kinds[kind][0].replace(g.scim_caller, resource_id, _body(), now(), if_match=_if_match())
        return _resource(changed, 200, Context.RESOURCE_REPLACEMENT_RESPONSE)

    @blueprint.patch("/<any(Users, Groups):kind>/<resource_id>")
    def patch(kind: str, resource_id: str) -> Response:
        changed = kinds[kind][0].patch(g.scim_caller, resource_id, _body(), now(), if_match=_if_match())
        return _resource(changed, 200, Context.RESOURCE_PATCH_RESPONSE)

    @blueprint.delete("/<any(Users, Groups):kind>/<resource_id>")
    def delete(kind: str, resource_id: str) -> Response:
        kinds[kind][0].delete(g.scim_caller, resource_id, now(), if_match=_if_match())
        return Response(status=204)

    @blueprint.post("/Bulk")
    def bulk() -> Response:
        return scim_answer(200, scim.bulk(g.scim_caller, _body(), now()))

    @blueprint.get("/<path:unknown>")
    def nothing(unknown: str) -> Response:
        raise NotFoundException(detail=f"There is nothing at /{unknown[:64]}: see /ResourceTypes.")

    @blueprint.errorhandler(SCIMException)
    @blueprint.errorhandler(ValidationError)
    def refused(error: SCIMException | ValidationError) -> Response:
        told = scim_error(error)
        g.error, g.error_detail = "scim", told.scim_type or str(told.status)
        return scim_answer(int(told.status or 400), told.model_dump())

    @blueprint.errorhandler(IdpError)
    def failed(error: IdpError) -> Response:
        g.error, g.error_detail = error.error, error.detail
        services.metrics.errors.labels(error.error).inc()
        answer = scim_error_answer(error.status_code, error.message)
        if isinstance(error, InvalidToken | InsufficientScope):
            answer.headers["WWW-Authenticate"] = challenge(error, services.settings.issuer)
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    @blueprint.errorhandler(HTTPException)
    def http_refused(error: HTTPException) -> Response:
        status = error.code or 500
        g.error, g.error_detail = "http", str(status)
        return scim_error_answer(status, error.name)

    return blueprint


def _resource(resource: Any, status: int, context: Context) -> Response:
    wanted: ResponseParameters[Any] = ResponseParameters.model_validate(
        {name: value for name, value in request.args.items() if name in ("attributes", "excludedAttributes")}
    )
    answer = scim_answer(status, resource.model_dump(scim_ctx=context, response_parameters=wanted))
    answer.headers["ETag"] = resource.meta.version
    answer.headers["Location"] = resource.meta.location
    return answer


def _listed(search: Callable[[Caller, Any], tuple[Any, Any]], asked: dict[str, Any]) -> Response:
    found, wanted = search(g.scim_caller, asked)
    return scim_answer(
        200, found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=wanted)
    )


def _body() -> dict[str, Any]:
    if request.mimetype not in (SCIM_JSON, "application/json"):
        raise InvalidSyntaxException(detail=f"The body must be {SCIM_JSON}.")
    try:
        return parse_strict_object(request.get_data(cache=False))
    except ValueError as error:
        raise InvalidSyntaxException(detail="The body must be one JSON object, no member twice.") from error


def _if_match() -> str:
    return request.headers.get("If-Match", "")
