"""Read the parameters of an authorization request: of a query or of a posted form, never of both."""

from urllib.parse import parse_qsl

from flask import Request

from idp.protocol.authorize.asked import Parameters
from idp.protocol.authorize.errors import NotRedirectable

MAX_FIELDS = 64
_CONTENT_TYPE = "application/x-www-form-urlencoded"


def read_authorization_parameters(request: Request) -> Parameters:
    """OpenID Connect Core §3.1.2.1: GET with a query, or POST with a form. Raises NotRedirectable."""
    if request.method == "POST":
        if request.query_string or request.mimetype != _CONTENT_TYPE:
            raise NotRedirectable(
                "form_malformed", f"Send the parameters in the body, as {_CONTENT_TYPE}, none in the URL."
            )
        return read_parameters(request.get_data(cache=False))
    return read_parameters(request.query_string)


def read_parameters(encoded: bytes) -> Parameters:
    """Each name once; what came more than once is named, and has no value. Raises NotRedirectable."""
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise NotRedirectable("form_malformed", "The request is not a form of at most 64 fields.") from error
    values: dict[str, str] = {}
    repeated: set[str] = set()
    resources: list[str] = []
    for name, value in pairs:
        if name == "resource":
            if value:
                resources.append(value)
        elif name in values:
            repeated.add(name)
        else:
            values[name] = value
    # RFC 6749 §3.1: a parameter without a value is as if it were left out.
    present = {name: value for name, value in values.items() if value and name not in repeated}
    return Parameters(present, tuple(resources), frozenset(repeated))
