"""From a registration request's JSON to a Registration: everything checked, nothing stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from idp.errors import (
    InvalidClientMetadata,
    OutboundFailed,
    OutboundRefused,
    RegistrationRefused,
    UnapprovedSoftwareStatement,
)
from idp.outbound.client import Answer
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.registration.rules import as_metadata, check_metadata, with_defaults
from idp.protocol.registration.shape import as_description, read_members
from idp.protocol.strict_json import parse_strict
from idp.register_clients import MAX_TEXT, new_registration, read_jwks
from idp.store.clients import Registration


class Fetch(Protocol):
    """The part of OutboundClient that is used here."""

    def get(self, url: str, *, accept: str = "application/json") -> Answer: ...


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an administrator decided: of the initial access token, or of the client as it is."""

    profile: str
    profile_until: int
    agency: str
    scopes: tuple[str, ...]
    kept: ClientMetadata = field(default_factory=ClientMetadata)


def read_registration(
    client_id: str, body: Mapping[str, Any], allowed: Allowed, fetch: Fetch
) -> Registration:
    """The client that ``body`` (RFC 7591 §2) asks for, within ``allowed``.

    1. shape; 2. what only administrators say comes from ``allowed``, whatever the body says; 3. keys;
    4. rules; 5. scopes; 6. the sector's own list, last because it is a request to somebody else.

    Raises InvalidClientMetadata, InvalidRedirectUri, UnapprovedSoftwareStatement.
    """
    if body.get("software_statement") is not None:
        raise UnapprovedSoftwareStatement(detail="software_statement")
    said = with_defaults(read_members(body), allowed.profile)
    kept = allowed.kept
    metadata = as_metadata(
        said,
        profile=allowed.profile,
        profile_until=allowed.profile_until,
        agency=allowed.agency,
        first_party=kept.first_party,
        minimum_acr=kept.minimum_acr,
        claims_allowed=kept.claims_allowed,
        secret_hash=kept.secret_hash,
        secret_expires_at=kept.secret_expires_at,
        previous_secret_hash=kept.previous_secret_hash,
        previous_secret_expires_at=kept.previous_secret_expires_at,
    )
    jwks = read_keys(body.get("jwks"))
    check_metadata(metadata, keys=bool(jwks))
    scopes = _read_scopes(body.get("scope"), allowed.scopes)
    if metadata.sector_identifier_uri:
        check_sector(metadata, fetch)
    try:
        return new_registration(
            client_id,
            name=read_name(body.get("client_name"), client_id),
            contact=", ".join(metadata.contacts)[:MAX_TEXT],
            token_algorithm="ES256" if allowed.profile == "fapi2" else _token_algorithm(metadata),
            scopes=scopes,
            resources=(),
            credential_ids=(),
            introspects=(),
            jwks=jwks,
            metadata=metadata,
        )
    except RegistrationRefused as error:
        raise InvalidClientMetadata(as_description(error.message_en)) from error


def check_sector(metadata: ClientMetadata, fetch: Fetch) -> None:
    """OpenID Connect Registration §5: the sector itself must list every redirect URI.

    Without this, one client could ask for the ``sub`` values of another's sector.
    """
    try:
        answer = fetch.get(metadata.sector_identifier_uri)
    except OutboundRefused as error:
        raise InvalidClientMetadata(
            "sector_identifier_uri leads to an address that is not reached from here: use a public host.",
            detail=error.detail,
        ) from error
    except OutboundFailed as error:
        raise InvalidClientMetadata(
            "sector_identifier_uri could not be fetched: it must answer 200 with a JSON array.",
            detail=error.detail,
        ) from error
    try:
        listed = parse_strict(answer.body) if answer.status == 200 else None
    except ValueError:
        listed = None
    if not isinstance(listed, list) or not set(metadata.redirect_uris) <= {
        each for each in listed if isinstance(each, str)
    }:
        raise InvalidClientMetadata(
            "sector_identifier_uri must answer 200 with a JSON array that lists every one of redirect_uris."
        )


def read_keys(jwks: Any) -> dict[str, dict[str, Any]]:
    """The member ``jwks``, by kid. Raises InvalidClientMetadata."""
    if jwks is None:
        return {}
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list) or len(jwks["keys"]) > 10:
        raise InvalidClientMetadata("jwks is a JWK Set: an object with keys, an array of at most 10 keys.")
    try:
        return read_jwks(orjson.dumps(jwks).decode())
    except RegistrationRefused as error:
        raise InvalidClientMetadata(as_description(f"jwks: {error.message_en}")) from error
    except (TypeError, orjson.JSONEncodeError) as error:
        raise InvalidClientMetadata("jwks is not sound JSON.") from error


def _read_scopes(scope: Any, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if scope is None:
        return allowed
    if not isinstance(scope, str):
        raise InvalidClientMetadata("scope is one string, its values separated by spaces.")
    asked = tuple(dict.fromkeys(scope.split()))
    if not set(asked) <= set(allowed):
        raise InvalidClientMetadata(f"scope may hold: {' '.join(allowed)}. Ask an administrator for more.")
    return asked


def read_name(name: Any, client_id: str) -> str:
    """The member ``client_name``. Raises InvalidClientMetadata."""
    if name is None:
        return client_id
    if not isinstance(name, str) or not 0 < len(name) <= MAX_TEXT or not name.isprintable():
        raise InvalidClientMetadata(f"client_name has 1 to {MAX_TEXT} printable characters.")
    return name


def _token_algorithm(metadata: ClientMetadata) -> str:
    return metadata.id_token_signed_response_alg or "ES256"
