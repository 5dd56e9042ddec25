"""The JSON Schemas of a client, from ``ClientMetadata`` itself: a member that is added there is told here."""

from dataclasses import fields
from typing import Any

from idp.error_catalogue import ERRORS
from idp.protocol.client_metadata import BASELINE, FAPI2, ClientMetadata
from idp.protocol.registration.administrators import DECIDED
from idp.protocol.registration.rules import AUTH_METHODS, GRANT_TYPES
from idp.protocol.registration.secret import MAX_DAYS, OVERLAP_DAYS
from idp.protocol.registration.shape import CLIENT_SAYS, MAX_ENTRIES, MAX_TEXT
from idp.register_clients import MAX_TEXT as MAX_NAME
from idp.registration.administer import BESIDE, SERVER_SAYS
from idp.registration.lint import ERROR, NOTE, WARNING, Finding

Json = dict[str, Any]
_LEVELS = ["LoA1", "LoA2", "LoA3", "LoA4"]
_ENUMS = {
    "application_type": ["web", "native"],
    "profile": [FAPI2, BASELINE],
    "subject_type": ["pairwise", "public"],
    "token_endpoint_auth_method": list(AUTH_METHODS[BASELINE]),
    "minimum_acr": ["", *_LEVELS],
}
_ITEM_ENUMS = {
    "grant_types": list(GRANT_TYPES[BASELINE]),
    "response_types": ["code"],
    "default_acr_values": _LEVELS,
}
_STRINGS: Json = {
    "type": "array",
    "maxItems": MAX_ENTRIES,
    "items": {"type": "string", "maxLength": MAX_TEXT},
}
_BESIDE: dict[str, Json] = {
    "client_id": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._~-]{0,199}$"},
    "client_name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
    "contact": {"type": "string", "maxLength": MAX_NAME},
    "scope": {"type": "string", "description": "Values separated by spaces; none when it is left out."},
    "jwks": {
        "type": "object",
        "required": ["keys"],
        "properties": {"keys": {"type": "array", "maxItems": 10, "items": {"type": "object"}}},
        "description": "A JWK Set (RFC 7517) of public keys.",
    },
    "resources": {**_STRINGS, "description": "What it may ask tokens for (RFC 8707)."},
    "credential_ids": {**_STRINGS, "description": "Signing credentials that its tokens may name."},
    "introspects": {**_STRINGS, "description": "Audiences whose tokens it may introspect."},
}
_SERVER: dict[str, Json] = {
    "state": {"type": "string", "enum": ["active", "disabled"]},
    "client_secret_expires_at": {
        "type": ["integer", "null"],
        "description": "Unix seconds; null for a client without secret.",
    },
    "findings": {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}},
}


def client_schemas() -> dict[str, Json]:
    metadata = {name: _metadata(name) for name in (*CLIENT_SAYS, *DECIDED)}
    beside = {name: _BESIDE[name] for name in BESIDE}
    server = {name: _SERVER[name] for name in SERVER_SAYS}
    request = {**beside, **metadata, **{name: {**each, "readOnly": True} for name, each in server.items()}}
    secret: Json = {"type": "string", "description": "Shown this once, where one was made."}
    return {
        "ClientRequest": {"type": "object", "properties": request, "additionalProperties": False},
        "Client": {
            "type": "object",
            "properties": {**beside, **metadata, **server, "client_secret": secret},
            "required": [*(set(BESIDE) - {"jwks"}), *SERVER_SAYS],
            "additionalProperties": False,
        },
        "Clients": {
            "type": "object",
            "properties": {
                "clients": {"type": "array", "items": {"$ref": "#/components/schemas/Client"}},
                "next": {"type": "string", "description": "The value of after for the next page."},
            },
            "required": ["clients"],
            "additionalProperties": False,
        },
        "SecretRequest": {
            "type": "object",
            "properties": {
                "days": {"type": "integer", "minimum": 1, "maximum": MAX_DAYS},
                "overlap_days": {"type": "integer", "minimum": 0, "maximum": OVERLAP_DAYS},
            },
            "additionalProperties": False,
        },
        "Finding": _finding(),
        "Findings": {
            "type": "object",
            "properties": {"findings": _SERVER["findings"]},
            "required": ["findings"],
            "additionalProperties": False,
        },
        "Error": _problem(),
    }


def _metadata(name: str) -> Json:
    default = next(each.default for each in fields(ClientMetadata) if each.name == name)
    if isinstance(default, bool):
        return {"type": "boolean"}
    if isinstance(default, int):
        return {"type": "integer", "minimum": 0, "exclusiveMaximum": 2**40}
    if isinstance(default, tuple):
        items: Json = {"type": "string", "maxLength": MAX_TEXT}
        if name in _ITEM_ENUMS:
            items = {"type": "string", "enum": _ITEM_ENUMS[name]}
        return {"type": "array", "maxItems": MAX_ENTRIES, "items": items}
    if name in _ENUMS:
        return {"type": "string", "enum": _ENUMS[name]}
    return {"type": "string", "maxLength": MAX_TEXT}


def _finding() -> Json:
    names = [each.name for each in fields(Finding)]
    properties: dict[str, Json] = {name: {"type": "string"} for name in names}
    properties["severity"]["enum"] = [ERROR, WARNING, NOTE]
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _problem() -> Json:
    """RFC 9457."""
    texts = {name: {"type": "string"} for name in ("type", "title", "title_vi", "detail")}
    return {
        "type": "object",
        "properties": {
            **texts,
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": sorted(ERRORS)},
        },
        "required": [*texts, "status", "code"],
    }
