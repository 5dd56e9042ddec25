"""From a table of operations to an OpenAPI 3.1 document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_REASONS = {
    304: "Not modified.",
    400: "The request is malformed or against the rules; detail says what to do.",
    401: "No good access token.",
    403: "The access token does not allow this.",
    404: "There is nothing at this address for this caller.",
    409: "In conflict with what is there.",
    412: "Changed meanwhile: read it again.",
    413: "The request is too large.",
    422: "The Idempotency-Key was used for another request.",
    503: "Not available for the moment.",
}
_TEXT = {"type": "string"}
_HEADERS: Mapping[int, Json] = {
    401: {"WWW-Authenticate": {"schema": _TEXT, "required": True}},
    403: {"WWW-Authenticate": {"schema": _TEXT}},
    409: {"Retry-After": {"schema": _TEXT}},
    503: {"Retry-After": {"schema": _TEXT, "required": True}},
}


@dataclass(frozen=True, slots=True)
class Operation:
    """``answers``: status of success → the component it answers with, "" for none.

    ``refusals``: the other statuses. ``body``: a component. ``headers``: of the successes.
    """

    method: str
    path: str
    operation_id: str
    summary: str
    answers: Mapping[int, str]
    refusals: Sequence[int]
    body: str = ""
    body_required: bool = True
    parameters: Sequence[Json] = ()
    headers: Sequence[str] = ()
    public: bool = False


@dataclass(frozen=True, slots=True)
class Api:
    """``media``: of bodies and answers; ``error_media``: of refusals, with the component ``Error``."""

    title: str
    description: str
    issuer: str
    base: str
    scope: str
    media: str
    error_media: str
    operations: Sequence[Operation]
    schemas: Mapping[str, Json]


def openapi_document(api: Api) -> Json:
    paths: dict[str, Json] = {}
    for operation in api.operations:
        paths.setdefault(f"{api.base}{operation.path}", {})[operation.method] = _operation(api, operation)
    flow = {"tokenUrl": f"{api.issuer}/token", "scopes": {api.scope: api.title}}
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": "1", "description": api.description},
        "servers": [{"url": api.issuer}],
        "paths": paths,
        "components": {
            "schemas": dict(api.schemas),
            "securitySchemes": {"access_token": {"type": "oauth2", "flows": {"clientCredentials": flow}}},
        },
        "security": [{"access_token": [api.scope]}],
    }


def parameter(name: str, place: str, schema: Json, description: str) -> Json:
    """``place``: query, path or header."""
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema,
        "description": description,
    }


def ref(component: str) -> Json:
    return {"$ref": f"#/components/schemas/{component}"}


def _operation(api: Api, operation: Operation) -> Json:
    responses: Json = {}
    for status, component in operation.answers.items():
        responses[str(status)] = {"description": "Done."}
        if component:
            responses[str(status)]["content"] = {api.media: {"schema": ref(component)}}
        if operation.headers:
            responses[str(status)]["headers"] = {
                name: {"schema": _TEXT, "required": True} for name in operation.headers
            }
    for status in operation.refusals:
        responses[str(status)] = {"description": _REASONS[status]}
        if status != 304:
            responses[str(status)]["content"] = {api.error_media: {"schema": ref("Error")}}
        if status in _HEADERS and not operation.public:
            responses[str(status)]["headers"] = _HEADERS[status]
    described: Json = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "responses": responses,
    }
    if operation.parameters:
        described["parameters"] = list(operation.parameters)
    if operation.body:
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {api.media: {"schema": ref(operation.body)}},
        }
    if operation.public:
        described["security"] = []
    return described
