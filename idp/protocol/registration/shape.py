"""The JSON types of client metadata, and which of it a client may say for itself.

Authlib's ``ClientMetadataClaims`` are not used: they name the member and never say what to do, take http
where OpenID Connect wants https, leave redirect URIs at "looks like a URL" and print to standard output.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from idp.errors import InvalidClientMetadata
from idp.protocol.client_metadata import ClientMetadata

MAX_TEXT = 2000
MAX_ENTRIES = 50

# Only an administrator sets these: they decide what the client may see and how strictly it is treated.
# RFC 7591 §2 lets a server ignore what it does not take from a client; a PUT may repeat what it was told.
ADMINISTRATORS_ONLY = frozenset(
    {
        "profile", "profile_until", "agency", "first_party", "minimum_acr", "claims_allowed",
        "secret_hash", "secret_expires_at", "previous_secret_hash", "previous_secret_expires_at",
    }
)  # fmt: skip
_DEFAULT = ClientMetadata()
CLIENT_SAYS = tuple(each.name for each in fields(ClientMetadata) if each.name not in ADMINISTRATORS_ONLY)


def read_members(body: Mapping[str, Any], names: tuple[str, ...] = CLIENT_SAYS) -> dict[str, Any]:
    """The known members of ``body``, each of its JSON type; null and unknown ones are as if left out.

    Raises InvalidClientMetadata.
    """
    return {name: _read(name, body[name]) for name in names if body.get(name) is not None}


def _read(name: str, value: Any) -> Any:
    kind = type(getattr(_DEFAULT, name))
    if kind is tuple:
        sound = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not sound or len(value) > MAX_ENTRIES:
            raise InvalidClientMetadata(f"{name} must be an array of at most {MAX_ENTRIES} strings.")
        for each in value:
            _check_text(name, each)
        return tuple(dict.fromkeys(value))
    if kind is str:
        if not isinstance(value, str):
            raise InvalidClientMetadata(f"{name} must be a string.")
        return _check_text(name, value)
    if type(value) is not kind:
        raise InvalidClientMetadata(f"{name} must be {'true or false' if kind is bool else 'an integer'}.")
    if kind is int and not 0 <= value < 2**40:
        raise InvalidClientMetadata(f"{name} must be seconds, zero or more.")
    return value


def _check_text(name: str, value: str) -> str:
    if len(value) > MAX_TEXT or not value.isprintable():
        raise InvalidClientMetadata(f"{name} must be printable and at most {MAX_TEXT} characters.")
    return value


def as_description(text: str) -> str:
    """RFC 6749 §5.2: error_description is ASCII without quotes and backslash."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "?" for letter in text)
