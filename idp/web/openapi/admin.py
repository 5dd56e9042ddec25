"""The OpenAPI document of /admin/v1."""

from typing import Any

from idp.web.integrators.api import MAX_PAGE, SCOPE
from idp.web.integrators.idempotent import HEADER, PATTERN
from idp.web.openapi.client_schemas import client_schemas
from idp.web.openapi.document import Api, Operation, openapi_document, parameter
from idp.web.openapi.self_test_schema import self_test_schema
from idp.web.problem import PROBLEM_JSON

_ID = parameter("client_id", "path", {"type": "string", "minLength": 1}, "The client.")
_KEY = parameter(
    HEADER,
    "header",
    {"type": "string", "pattern": PATTERN},
    "The same key with the same request gets the first answer again, for 24 hours.",
)
_READ = (400, 401, 403, 404, 503)
_WRITE = (400, 401, 403, 404, 409, 413, 422, 503)


def _operations() -> tuple[Operation, ...]:
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": MAX_PAGE}
    page = (
        parameter("limit", "query", limit, "How many in a page."),
        parameter("after", "query", {"type": "string"}, "next of the page before."),
    )
    reach = parameter("reach", "query", {"type": "boolean"}, "Also ask the client's jwks_uri.")
    return (
        Operation(
            "get", "/clients", "listClients", "Clients by client_id, in pages.",
            {200: "Clients"}, (400, 401, 403, 503), parameters=page,
        ),
        Operation(
            "post", "/clients", "createClient", "Register a client.",
            {201: "Client"}, (400, 401, 403, 409, 413, 422, 503),
            body="ClientRequest", parameters=(_KEY,), headers=("Location",),
        ),
        Operation(
            "get", "/clients/{client_id}", "readClient", "A client, with what to mend.",
            {200: "Client"}, _READ, parameters=(_ID,),
        ),
        Operation(
            "put", "/clients/{client_id}", "replaceClient",
            "All of it anew: what is left out goes back to its default. State and secret stay.",
            {200: "Client"}, _WRITE, body="ClientRequest", parameters=(_ID, _KEY),
        ),
        Operation(
            "post", "/clients/{client_id}/secret", "rotateSecret",
            "A new secret; the one before is taken for overlap_days more.",
            {200: "Client"}, _WRITE, body="SecretRequest", parameters=(_ID, _KEY),
        ),
        Operation(
            "post", "/clients/{client_id}/disable", "disableClient", "Its tokens are no longer active.",
            {200: "Client"}, _WRITE, parameters=(_ID, _KEY),
        ),
        Operation(
            "post", "/clients/{client_id}/enable", "enableClient", "It gets tokens again.",
            {200: "Client"}, _WRITE, parameters=(_ID, _KEY),
        ),
        Operation(
            "get", "/clients/{client_id}/findings", "lintClient", "What will hurt one day.",
            {200: "Findings"}, _READ, parameters=(_ID, reach),
        ),
        Operation(
            "get", "/clients/{client_id}/self-test", "readSelfTest",
            "What the self-test of its login saw: an administrator began it in the console.",
            {200: "SelfTest"}, _READ, parameters=(_ID,),
        ),
    )  # fmt: skip


def admin_document(issuer: str) -> dict[str, Any]:
    return openapi_document(
        Api(
            title="Administration of clients",
            description=f"Access tokens are for the resource {issuer}/admin/v1 with the scope {SCOPE}.",
            issuer=issuer,
            base="/admin/v1",
            scope=SCOPE,
            media="application/json",
            error_media=PROBLEM_JSON,
            operations=_operations(),
            schemas={**client_schemas(), "SelfTest": self_test_schema()},
        )
    )
