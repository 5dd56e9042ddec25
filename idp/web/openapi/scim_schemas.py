"""The JSON Schemas of SCIM's resources and messages, from the very schemas that /Schemas answers with."""

from typing import Any

from idp.provisioning.resources import MAX_OPERATIONS, OfficialUser, Organisation, describe

Json = dict[str, Any]
_MESSAGES = "urn:ietf:params:scim:api:messages:2.0"
_TYPES: dict[str, Json] = {
    "string": {"type": "string"},
    "reference": {"type": "string"},
    "binary": {"type": "string"},
    "dateTime": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
}
_META: Json = {
    "type": "object",
    "readOnly": True,
    "properties": {
        "resourceType": {"type": "string"},
        "created": {"type": "string", "format": "date-time"},
        "lastModified": {"type": "string", "format": "date-time"},
        "location": {"type": "string"},
        "version": {"type": "string"},
    },
}


def scim_schemas(issuer: str) -> dict[str, Json]:
    """``User``, ``Group`` are told and taken; in an answer attributes may be left out, but the schemas."""
    schemas = {str(each.id): each.model_dump() for each in describe(issuer).schemas}
    resources: dict[str, Json] = {}
    for kind, model in (("User", OfficialUser), ("Group", Organisation)):
        base = next(id_ for id_ in schemas if id_.endswith(f":core:2.0:{kind}"))
        extensions = [str(each.__schema__) for each in model.get_extension_models().values()]
        taken = _object(schemas[base]["attributes"], required=True)
        told = _object(schemas[base]["attributes"], required=False)
        for extension in extensions:
            attributes = schemas[extension]["attributes"]
            taken["properties"][extension] = _object(attributes, required=True)
            told["properties"][extension] = _object(attributes, required=False)
        own: dict[str, Json] = {
            "schemas": {
                "type": "array",
                "minItems": 1,
                "uniqueItems": True,
                "items": {"type": "string", "enum": [base, *extensions]},
                "contains": {"const": base},
            },
            "id": {"type": "string", "readOnly": True},
            "externalId": {"type": "string"},
            "meta": _META,
        }
        for described in (taken, told):
            described["properties"] = {**own, **described["properties"]}
            described["required"] = ["schemas", *described.get("required", [])]
        told["additionalProperties"] = False
        resources |= {kind: told, f"{kind}Request": taken}
    return {**resources, **_messages()}


def _object(attributes: list[Json], *, required: bool) -> Json:
    described: Json = {
        "type": "object",
        "properties": {each["name"]: _attribute(each, required=required) for each in attributes},
    }
    wanted = [each["name"] for each in attributes if each.get("required")]
    return described | {"required": wanted} if required and wanted else described


def _attribute(attribute: Json, *, required: bool) -> Json:
    kind = attribute["type"]
    described = dict(
        _object(attribute.get("subAttributes") or [], required=required)
        if kind == "complex"
        else _TYPES[kind]
    )
    if attribute.get("multiValued"):
        described = {"type": "array", "items": described}
    if attribute.get("mutability") == "readOnly":
        described["readOnly"] = True
    if attribute.get("description"):
        described["description"] = " ".join(str(attribute["description"]).split())
    return described


def _messages() -> dict[str, Json]:
    """RFC 7644 §3.4.2, §3.4.3, §3.5.2, §3.7, §3.12."""
    text, number = {"type": "string"}, {"type": "integer"}
    order = {"type": "string", "enum": ["ascending", "descending"]}
    names = {"type": "array", "items": text}
    operation: Json = {
        "type": "object",
        "properties": {
            "op": {"type": "string", "enum": ["add", "remove", "replace"]},
            "path": text,
            "value": {},
        },
        "required": ["op"],
    }
    bulk_operation: Json = {
        "type": "object",
        "properties": {
            "method": {"type": "string", "enum": ["POST", "PUT", "PATCH", "DELETE"]},
            "path": text,
            "bulkId": text,
            "version": text,
            "data": {"type": "object"},
        },
        "required": ["method", "path"],
    }
    result = {
        **bulk_operation["properties"],
        "location": text,
        "status": text,
        "response": {"type": "object"},
    }
    del result["data"], result["path"]
    result["method"] = text  # as it was sent, even when it is none
    resource = {"anyOf": [{"$ref": f"#/components/schemas/{kind}"} for kind in ("User", "Group")]}
    described = {"anyOf": [{"type": "object", "required": ["schemas"]}]}
    return {
        "List": _message(
            "ListResponse",
            {"totalResults": number, "startIndex": number, "itemsPerPage": number,
             "Resources": {"type": "array", "items": resource}},
            ["totalResults"],
        ),
        "Descriptions": _message(
            "ListResponse",
            {"totalResults": number, "startIndex": number, "itemsPerPage": number,
             "Resources": {"type": "array", "items": described}},
            ["totalResults", "Resources"],
        ),
        "Description": {"type": "object", "required": ["schemas", "meta"]},
        "Search": _message(
            "SearchRequest",
            {"filter": text, "sortBy": text, "sortOrder": order,
             "startIndex": number, "count": number, "attributes": names, "excludedAttributes": names},
            [],
        ),
        "Patch": _message(
            "PatchOp", {"Operations": {"type": "array", "minItems": 1, "items": operation}}, ["Operations"]
        ),
        "Bulk": _message(
            "BulkRequest",
            {"failOnErrors": {"type": "integer", "minimum": 0},
             "Operations": {"type": "array", "maxItems": MAX_OPERATIONS, "items": bulk_operation}},
            ["Operations"],
        ),
        "BulkResult": _message(
            "BulkResponse",
            {"Operations": {"type": "array", "items": {
                "type": "object", "properties": result, "required": ["status"]}}},
            ["Operations"],
        ),
        "Error": _message(
            "Error",
            {"status": {"type": "string", "pattern": "^[45][0-9][0-9]$"}, "scimType": text, "detail": text},
            ["status"],
        ),
    }  # fmt: skip


def _message(name: str, properties: dict[str, Json], required: list[str]) -> Json:
    schemas = {
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": {"type": "string", "const": f"{_MESSAGES}:{name}"},
    }
    return {
        "type": "object",
        "properties": {"schemas": schemas, **properties},
        "required": ["schemas", *required],
    }
