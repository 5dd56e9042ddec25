"""Read one form strictly: what two parsers could read differently is refused."""

from datetime import datetime
from urllib.parse import parse_qsl

from flask import Request

from idp.errors import InvalidRequest
from idp.grants.form_request import Form
from idp.web.key_proofs import dpop_headers, peer_certificate

MAX_BODY_BYTES = 256 * 1024
MAX_FIELDS = 32
FORM = "application/x-www-form-urlencoded"


def read_form(request: Request, now: datetime) -> Form:
    """The posted form. ``resource`` may repeat (RFC 8707 §2), nothing else (RFC 6749 §3.2).

    Raises InvalidRequest.
    """
    # RFC 6749 §2.3.1, §3.2: credentials and parameters of these endpoints never stand in a URL.
    if request.query_string:
        raise InvalidRequest("Send the parameters in the body, none in the URL.", detail="query string")
    if request.mimetype != FORM:
        raise InvalidRequest(f"The body must be {FORM}.", detail="content type")
    fields: dict[str, str] = {}
    resources: list[str] = []
    for name, value in _pairs(request.get_data(cache=False)):
        if name == "resource":
            if value:
                resources.append(value)
        elif name in fields:
            raise InvalidRequest("A parameter is repeated.", detail="repeated")
        else:
            fields[name] = value
    # RFC 6749 §3.2: a parameter without a value is as if it were left out.
    present = {name: value for name, value in fields.items() if value}
    return Form(
        present,
        tuple(resources),
        request.headers.get("Authorization", ""),
        now,
        path=request.path,
        proofs=dpop_headers(request),
        certificate=peer_certificate(),
    )


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise InvalidRequest("The body is not a form of at most 32 fields.", detail="form") from error
