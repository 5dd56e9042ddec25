"""The client information response (RFC 7591 §3.2.1): everything that was registered is told back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from idp.protocol.client_metadata import ClientMetadata

_NOT_TOLD = {"secret_hash", "secret_expires_at", "previous_secret_hash", "previous_secret_expires_at"}
_DEFAULT = ClientMetadata()
# Told even when empty or zero: what they are by default is worth knowing.
_ALWAYS = {"redirect_uris", "grant_types", "response_types", "token_endpoint_auth_method", "application_type",
           "subject_type", "id_token_signed_response_alg", "profile"}  # fmt: skip


def client_information(
    client_id: str,
    name: str,
    scopes: tuple[str, ...],
    jwks: Mapping[str, Mapping[str, Any]],
    metadata: ClientMetadata,
) -> dict[str, Any]:
    """As JSON wants it. Without secrets and tokens: whoever made one adds it."""
    told: dict[str, Any] = {"client_id": client_id, "client_name": name, "scope": " ".join(scopes)}
    for each in fields(ClientMetadata):
        value = getattr(metadata, each.name)
        if each.name not in _NOT_TOLD and (each.name in _ALWAYS or value != getattr(_DEFAULT, each.name)):
            told[each.name] = list(value) if isinstance(value, tuple) else value
    if jwks:
        told["jwks"] = {"keys": [dict(jwk) for jwk in jwks.values()]}
    return told
