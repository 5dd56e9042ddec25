"""SCIM's three discovery endpoints (RFC 7644 §4): public, they say nothing of anybody."""

from typing import Any

from flask import Blueprint, Response, request
from scim2_models import Context, ListResponse, ResourceType, Schema

from idp.provisioning.resources import describe
from idp.web.scim_answer import scim_answer, scim_error_answer


def scim_discovery(issuer: str) -> Blueprint:
    blueprint = Blueprint("scim_discovery", __name__, url_prefix="/scim/v2")
    described = describe(issuer)
    base = f"{issuer}/scim/v2"

    def with_meta(resource: Any, kind: str, path: str) -> Any:
        resource.meta = {"resource_type": kind, "location": f"{base}{path}"}
        return resource

    config = with_meta(described.config, "ServiceProviderConfig", "/ServiceProviderConfig")
    lists = {
        "Schemas": {
            str(each.id): with_meta(each, "Schema", f"/Schemas/{each.id}") for each in described.schemas
        },
        "ResourceTypes": {
            str(each.id): with_meta(each, "ResourceType", f"/ResourceTypes/{each.id}")
            for each in described.resource_types
        },
    }

    @blueprint.get("/ServiceProviderConfig")
    def service_provider_config() -> Response:
        return _answer(config)

    @blueprint.get("/<any(Schemas, ResourceTypes):kind>")
    def listed(kind: str) -> Response:
        if "filter" in request.args:
            # RFC 7644 §4: a filter here is answered with 403.
            return scim_error_answer(403, "These lists are not filtered.")
        found = list(lists[kind].values())
        model: Any = ListResponse[Schema] if kind == "Schemas" else ListResponse[ResourceType]
        return _answer(
            model(total_results=len(found), start_index=1, items_per_page=len(found), resources=found)
        )

    @blueprint.get("/<any(Schemas, ResourceTypes):kind>/<name>")
    def one(kind: str, name: str) -> Response:
        found = lists[kind].get(name)
        return _answer(found) if found else scim_error_answer(404, f"There is no such {kind[:-1]}.")

    return blueprint


def _answer(resource: Any) -> Response:
    return scim_answer(200, resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))
