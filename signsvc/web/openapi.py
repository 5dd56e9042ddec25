"""The OpenAPI document: as flask-openapi3 wrote it, with errors told as they are."""

from typing import Any

from flask import Flask

from signsvc.web.wire import Problem

_REF = {"$ref": "#/components/schemas/Problem"}
_DEFAULT = {
    "description": "A problem document (RFC 9457).",
    "content": {"application/problem+json": {"schema": _REF}},
}
_CSC_DEFAULT = {
    "description": "As CSC API v2.0.0.2 §10.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
            }
        }
    },
}
_METHODS = ("get", "post", "put", "patch", "delete")


def api_document(app: Flask) -> dict[str, Any]:
    """OpenAPI 3.1. Every failure is a problem document, or the CSC's own; the framework's do not occur."""
    document: dict[str, Any] = app.api_doc  # type: ignore[attr-defined]
    for address, path in document["paths"].items():
        default = _CSC_DEFAULT if address.startswith("/csc/") else _DEFAULT
        for method in _METHODS:
            if method in path:
                path[method]["responses"].pop("422", None)
                path[method]["responses"]["default"] = default
    schemas = document["components"]["schemas"]
    schemas.pop("ValidationErrorModel", None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, schema in problem.pop("$defs", {}).items():
        schemas.setdefault(name, schema)
    schemas["Problem"] = problem
    return document
