"""GET /errors: the catalogue, as a page and as JSON. Public."""

from dataclasses import asdict

import orjson
from flask import Blueprint, Response, request

from idp.error_catalogue import ERRORS
from idp.services import Services
from idp.web.answer import public_answer
from idp.web.page_errors import register_page_errors
from idp.web.pages import page, pages_blueprint

KEPT_SECONDS = 3600


def error_list(services: Services) -> Blueprint:
    blueprint = pages_blueprint("error_list", __name__)
    register_page_errors(blueprint, services.metrics)
    document = orjson.dumps({"errors": [asdict(each) for each in ERRORS.values()]})

    @blueprint.get("/errors")
    def errors() -> Response:
        if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            return public_answer(document, KEPT_SECONDS)
        return page("integrators/errors.html", errors=list(ERRORS.values()))

    return blueprint
