"""GET the metadata document, at OAuth's place (RFC 8414 §3) and at OpenID Connect's (Discovery §4)."""

import orjson
from flask import Blueprint, Response

from idp.protocol.metadata import (
    OAUTH_AUTHORIZATION_SERVER,
    OPENID_CONFIGURATION,
    issuer_path,
    metadata,
)
from idp.web.answer import public_answer

KEPT_SECONDS = 600


def discovery_endpoint(issuer: str) -> Blueprint:
    """Public. Made once: it needs neither database nor key process."""
    blueprint = Blueprint("discovery", __name__)
    document = orjson.dumps(metadata(issuer))
    path = issuer_path(issuer)

    @blueprint.get(f"{path}{OPENID_CONFIGURATION}")
    @blueprint.get(f"{OAUTH_AUTHORIZATION_SERVER}{path}")
    def discovery() -> Response:
        return public_answer(document, KEPT_SECONDS)

    return blueprint
