"""What an authorization response says and how it travels (RFC 6749 §4.1.2, RFC 9207, JARM)."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from idp.protocol.authorize.request import FORM_POST, FORM_POST_JWT, JWT, QUERY_JWT, Destination

# JARM §2.1: long enough for a slow phone, short enough to be of no use later.
JARM_SECONDS = 600


def code_answer(destination: Destination, code: str, issuer: str) -> dict[str, str]:
    """The parameters of a success. ``iss`` tells a client with several providers whose it is (RFC 9207)."""
    return _present({"code": code, "state": destination.state, "iss": issuer})


def error_answer(destination: Destination, error: str, description: str, issuer: str) -> dict[str, str]:
    """The parameters of a refusal: ``iss`` too, so that it cannot be taken for another provider's."""
    return _present(
        {"error": error, "error_description": description, "state": destination.state, "iss": issuer}
    )


def is_signed(destination: Destination) -> bool:
    """JARM §2.3: the parameters stand in a JWT."""
    return destination.response_mode in (JWT, QUERY_JWT, FORM_POST_JWT)


def is_posted(destination: Destination) -> bool:
    """OAuth 2.0 Form Post Response Mode: by a form, so that no code stands in an address."""
    return destination.response_mode in (FORM_POST, FORM_POST_JWT)


def jarm_claims(client_id: str, parameters: Mapping[str, str], issuer: str, now: int) -> dict[str, str | int]:
    """JARM §2.1."""
    return {**parameters, "iss": issuer, "aud": client_id, "exp": now + JARM_SECONDS}


def redirect_location(destination: Destination, parameters: Mapping[str, str]) -> str:
    """The redirect_uri with the parameters added to its query (RFC 6749 §3.1.2: what it has is kept)."""
    uri = destination.redirect_uri
    separator = "&" if urlsplit(uri).query else "" if uri.endswith("?") else "?"
    return f"{uri}{separator}{urlencode(parameters)}"


def _present(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value}
