"""The OpenAPI document of /scim/v2."""

from typing import Any

from idp.provisioning.caller import PROVINCE_SCOPE
from idp.web.openapi.document import Api, Operation, openapi_document, parameter
from idp.web.openapi.scim_schemas import scim_schemas
from idp.web.scim import SCOPE
from idp.web.scim_answer import SCIM_JSON

_TEXT = {"type": "string"}
_ID = parameter("id", "path", {"type": "string", "minLength": 1}, "The resource.")
_IF_MATCH = parameter("If-Match", "header", _TEXT, "Only if it is still this version (ETag).")
_IF_NONE_MATCH = parameter("If-None-Match", "header", _TEXT, "Only if it is no longer this version.")
_CHOSEN = (
    parameter("attributes", "query", _TEXT, "Only these, separated by commas."),
    parameter("excludedAttributes", "query", _TEXT, "All but these."),
)
_QUERY = (
    parameter("filter", "query", _TEXT, "RFC 7644 section 3.4.2.2."),
    parameter("sortBy", "query", _TEXT, "An attribute."),
    parameter(
        "sortOrder", "query", {"type": "string", "enum": ["ascending", "descending"]}, "Or descending."
    ),
    parameter("startIndex", "query", {"type": "integer"}, "From 1."),
    parameter("count", "query", {"type": "integer"}, "How many."),
    *_CHOSEN,
)
_READ = (400, 401, 403, 404, 503)
_LIST = (400, 401, 403, 413, 503)
_WRITE = (400, 401, 403, 404, 409, 412, 413, 503)
_RESOURCE = ("ETag", "Location")


def _of(kind: str) -> tuple[Operation, ...]:
    name = kind[:-1]
    one, request = f"/{kind}/{{id}}", f"{name}Request"
    return (
        Operation(
            "get", f"/{kind}", f"list{kind}", f"{kind}, filtered, sorted, in pages.",
            {200: "List"}, _LIST, parameters=_QUERY,
        ),
        Operation(
            "post", f"/{kind}", f"create{name}", f"Create a {name}.", {201: name},
            (400, 401, 403, 409, 413, 503), body=request, headers=_RESOURCE, parameters=_CHOSEN,
        ),
        Operation(
            "post", f"/{kind}/.search", f"search{kind}", "As the query, with what it says in the body.",
            {200: "List"}, _LIST, body="Search",
        ),
        Operation(
            "get", one, f"read{name}", f"A {name}.", {200: name}, (304, *_READ),
            parameters=(_ID, _IF_NONE_MATCH, *_CHOSEN), headers=_RESOURCE,
        ),
        Operation(
            "put", one, f"replace{name}", "All of it anew.", {200: name}, _WRITE,
            body=request, parameters=(_ID, _IF_MATCH, *_CHOSEN), headers=_RESOURCE,
        ),
        Operation(
            "patch", one, f"patch{name}", "Some of it.", {200: name}, _WRITE,
            body="Patch", parameters=(_ID, _IF_MATCH, *_CHOSEN), headers=_RESOURCE,
        ),
        Operation(
            "delete", one, f"delete{name}", "It goes; who leaves loses every session and token.",
            {204: ""}, (400, 401, 403, 404, 409, 412, 503), parameters=(_ID, _IF_MATCH),
        ),
    )  # fmt: skip


def _discovery() -> tuple[Operation, ...]:
    config = "/ServiceProviderConfig"
    found = [
        Operation(
            "get",
            config,
            "serviceProviderConfig",
            "What is supported.",
            {200: "Description"},
            (),
            public=True,
        )
    ]
    for kind in ("Schemas", "ResourceTypes"):
        filtered = parameter("filter", "query", _TEXT, "Not supported: 403.")
        name = parameter("id", "path", {"type": "string", "minLength": 1}, "Which one.")
        found += [
            Operation(
                "get", f"/{kind}", f"list{kind}", f"{kind}.", {200: "Descriptions"}, (403,),
                parameters=(filtered,), public=True,
            ),
            Operation(
                "get", f"/{kind}/{{id}}", f"read{kind[:-1]}", f"One of {kind}.", {200: "Description"}, (404,),
                parameters=(name,), public=True,
            ),
        ]  # fmt: skip
    return tuple(found)


def scim_document(issuer: str) -> dict[str, Any]:
    operations = (
        *_of("Users"),
        *_of("Groups"),
        Operation(
            "post", "/.search", "searchAll", "Users and groups at once.", {200: "List"}, _LIST, body="Search"
        ),
        Operation(
            "post", "/Bulk", "bulk", "Several in one request.", {200: "BulkResult"}, _LIST, body="Bulk"
        ),
        *_discovery(),
    )
    return openapi_document(
        Api(
            title="SCIM 2.0",
            description=f"Access tokens are for the resource {issuer}/scim/v2 with the scope {SCOPE}. "
            f"A client sees its own agency; one registered for {PROVINCE_SCOPE} too sees the whole province.",
            issuer=issuer,
            base="/scim/v2",
            scope=SCOPE,
            media=SCIM_JSON,
            error_media=SCIM_JSON,
            operations=operations,
            schemas=scim_schemas(issuer),
        )
    )
