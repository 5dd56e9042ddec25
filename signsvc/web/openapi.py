"""The OpenAPI document: as flask-openapi3 wrote it, with errors told as they are."""

from typing import Any

from flask import Flask

from signsvc.web.wire import Problem

_REF = {"$ref": "#/components/schemas/Problem"}
_DEFAULT = {
    "description": "A problem document (RFC 9457).",
    "content": {"application/problem+json": {"schema": _REF}},
}
_METHODS = ("get", "post", "put", "patch", "delete")


def api_document(app: Flask) -> dict[str, Any]:
    """OpenAPI 3.1. Every failure is a problem document; the framework's own shapes do not occur."""
    document: dict[str, Any] = app.api_doc  # type: ignore[attr-defined]
    for path in document["paths"].values():
        for method in _METHODS:
            if method in path:
                path[method]["responses"].pop("422", None)
                path[method]["responses"]["default"] = _DEFAULT
    schemas = document["components"]["schemas"]
    schemas.pop("ValidationErrorModel", None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, schema in problem.pop("$defs", {}).items():
        schemas.setdefault(name, schema)
    schemas["Problem"] = problem
    return document
