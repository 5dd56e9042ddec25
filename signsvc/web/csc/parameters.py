"""Read a method's parameters: strictly, and with the standard's own words for what is wrong.

Unknown members are let pass, as the standard asks (v2.0.0.2 §7.1); null is an absent one. Where v1 and v2
spell a name differently both are taken, and refusals use the spelling of the version that was called.
"""

import base64
import binascii
from typing import Any

import orjson
from flask import request

from signsvc.usecases.csc_refusal import CscRefused, invalid, missing

SHA256 = "2.16.840.1.101.3.4.2.1"
DIGEST_BYTES = 32
MAX_TEXT = 200
MAX_DESCRIPTION = 500
MAX_HASHES = 10_000


class Given:
    """The members of the request's JSON object."""

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = {name: value for name, value in members.items() if value is not None}

    def find(self, *names: str) -> Any:
        """The first of these spellings that is there."""
        return next((self._members[name] for name in names if name in self._members), None)

    def text(self, name: str, *, maximum: int = MAX_TEXT) -> str:
        """One that must be there."""
        value = self._members.get(name)
        if not isinstance(value, str) or not value:
            raise missing("string", name)
        if len(value) > maximum:
            raise invalid(name)
        return value

    def find_text(self, *names: str, maximum: int = MAX_TEXT) -> str | None:
        """One that may be absent; the first spelling names it in a refusal."""
        value = self.find(*names)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > maximum:
            raise invalid(names[0])
        return value

    def flag(self, name: str) -> bool:
        """False when absent."""
        value = self._members.get(name, False)
        if not isinstance(value, bool):
            raise invalid(name)
        return value

    def integer(self, name: str) -> int:
        """One that must be there."""
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise missing("integer", name)
        return value

    def find_hashes(self, *names: str) -> tuple[bytes, ...] | None:
        """SHA-256 digests in their order; None when absent."""
        value = self.find(*names)
        return None if value is None else read_hashes(value, names[0])

    def client_data(self) -> str:
        """Opaque, for the client's own correlation; empty when absent."""
        return self.find_text("clientData", maximum=10_000) or ""


def given() -> Given:
    """The request's parameters; none when there is no body. Raises CscRefused."""
    body = request.get_data(cache=True)
    if not body:
        return Given({})
    try:
        members = orjson.loads(body)
    except ValueError as error:
        raise CscRefused("The body is not JSON", detail="json") from error
    if not isinstance(members, dict):
        raise CscRefused("The body is not a JSON object", detail="json")
    return Given(members)


def read_hashes(value: object, name: str, *, words: str = "hash") -> tuple[bytes, ...]:
    """An array of base64 SHA-256 digests. ``words``: what an element is called."""
    if not isinstance(value, list):
        raise missing("array", name)
    if not value:
        raise CscRefused(f"Empty {words} array")
    if len(value) > MAX_HASHES:
        raise invalid(name, detail="too many")
    return tuple(read_hash(element, words=words) for element in value)


def read_hash(value: object, *, words: str = "hash", size: int = DIGEST_BYTES) -> bytes:
    """Base64 with its padding (RFC 4648 §4), in its one spelling."""
    digest = read_base64(value)
    if digest is None:
        raise CscRefused(f"Invalid Base64 {words} string parameter")
    if len(digest) != size:
        raise CscRefused("Invalid digest value length")
    return digest


def read_base64(value: object) -> bytes | None:
    """None when it is not strict base64: other spellings of the same bytes are not."""
    if not isinstance(value, str) or not value.isascii():
        return None
    try:
        data = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return None
    return data if base64.b64encode(data).decode() == value else None
