"""Check what is to be registered before it is: a wrong client is refused at the desk, not at night."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from idp.errors import RegistrationRefused
from idp.protocol.client_jwks import read_client_jwks
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.strict_json import parse_strict_object
from idp.store.clients import Registration

_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,199}", re.ASCII)
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,100}", re.ASCII)
_CREDENTIAL = re.compile(r"[\x21-\x7E]{1,64}", re.ASCII)
_PUBLIC = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use")
MAX_TEXT = 200


def read_jwks(text: str) -> dict[str, dict[str, Any]]:
    """Public keys by kid, from a JWK Set or a single JWK (RFC 7517). Raises RegistrationRefused."""
    try:
        document = parse_strict_object(text)
    except ValueError as error:
        raise RegistrationRefused(
            "Tệp khóa không phải JSON hợp lệ.", "The key file is not sound JSON."
        ) from error
    listed = document.get("keys", [document])
    if not isinstance(listed, list) or not listed or not all(isinstance(jwk, dict) for jwk in listed):
        raise RegistrationRefused("Tệp khóa không có khóa nào.", "The key file has no key.")
    found: dict[str, dict[str, Any]] = {}
    for jwk in listed:
        try:
            jwks = read_client_jwks([jwk])
        except ValueError as error:
            raise RegistrationRefused(
                f"Khóa không dùng được: {error}. Chỉ đăng ký khóa công khai.",
                f"The key cannot be used: {error}. Register public keys only.",
            ) from error
        kid = next(iter(jwks.verifying or jwks.encrypting))
        if kid in found or len(kid) > MAX_TEXT:
            raise RegistrationRefused(
                "kid bị trùng hoặc quá dài.", "A kid is repeated or longer than 200 characters."
            )
        found[kid] = {name: jwk[name] for name in _PUBLIC if name in jwk} | {"kid": kid}
    return found


def new_registration(
    client_id: str,
    *,
    name: str,
    contact: str,
    token_algorithm: str,
    scopes: Sequence[str],
    resources: Sequence[str],
    credential_ids: Sequence[str],
    introspects: Sequence[str],
    jwks: Mapping[str, Mapping[str, Any]],
    metadata: ClientMetadata | None = None,
) -> Registration:
    """An active client. Raises RegistrationRefused with what to correct."""
    # Later a person's sub is a UUID; RFC 9700 §4.15 wants that a client_id can never look like one.
    if not _CLIENT_ID.fullmatch(client_id) or re.fullmatch(r"[0-9a-fA-F-]{32,36}", client_id):
        raise RegistrationRefused(
            "client_id gồm chữ, số, dấu . _ ~ - và không giống UUID.",
            "A client_id has letters, digits and . _ ~ - and does not look like a UUID.",
        )
    if not 0 < len(name) <= MAX_TEXT or len(contact) > MAX_TEXT:
        raise RegistrationRefused(
            "Tên và đầu mối dài tối đa 200 ký tự.", "Name and contact have at most 200 characters."
        )
    for scope in scopes:
        _check(_SCOPE.fullmatch(scope), "scope", scope)
    for resource in (*resources, *introspects):
        _check(_is_absolute_uri(resource), "resource", resource)
    for credential_id in credential_ids:
        _check(_CREDENTIAL.fullmatch(credential_id), "credential", credential_id)
    return Registration(
        client_id=client_id,
        name=name,
        contact=contact,
        state="active",
        token_algorithm=token_algorithm,
        scopes=tuple(dict.fromkeys(scopes)),
        resources=tuple(dict.fromkeys(resources)),
        credential_ids=tuple(dict.fromkeys(credential_ids)),
        introspects=tuple(dict.fromkeys(introspects)),
        jwks=jwks,
        metadata=metadata or ClientMetadata(),
    )


def _is_absolute_uri(resource: str) -> bool:
    """RFC 8707 §2: an absolute URI without a fragment."""
    try:
        parts = urlsplit(resource)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and "#" not in resource


def _check(sound: object, kind: str, value: str) -> None:
    if not sound:
        raise RegistrationRefused(f"{kind} không hợp lệ: {value!r}.", f"Not a sound {kind}: {value!r}.")
