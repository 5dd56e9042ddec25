"""GET /admin/v1/openapi.json, /scim/v2/openapi.json: public, they say nothing of anybody."""

from functools import cache

import orjson
from flask import Blueprint, Response

from idp.web.answer import public_answer
from idp.web.openapi.admin import admin_document
from idp.web.openapi.scim import scim_document

KEPT_SECONDS = 3600


def api_documents(issuer: str) -> Blueprint:
    blueprint = Blueprint("api_documents", __name__)
    # Made at the first request, kept as bytes: the same for everybody.
    admin_bytes = cache(lambda: orjson.dumps(admin_document(issuer)))
    scim_bytes = cache(lambda: orjson.dumps(scim_document(issuer)))

    @blueprint.get("/admin/v1/openapi.json")
    def admin() -> Response:
        return public_answer(admin_bytes(), KEPT_SECONDS)

    @blueprint.get("/scim/v2/openapi.json")
    def scim() -> Response:
        return public_answer(scim_bytes(), KEPT_SECONDS)

    return blueprint
