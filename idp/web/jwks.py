"""GET /jwks (RFC 7517 §5): the public keys that our tokens are verified with, old ones included."""

import orjson
from flask import Blueprint, Response, request

from idp.token_keys import TokenKeys
from idp.web.answer import public_answer

# A new key is announced at least this long before it signs, and an old one stays this long after its
# last token expired, so nobody meets a kid that their copy of the document lacks.
KEPT_SECONDS = 600


def jwks_endpoint(token_keys: TokenKeys) -> Blueprint:
    """Public. Served from memory; stale rather than not at all while the key process is away."""
    blueprint = Blueprint("jwks", __name__)

    @blueprint.get("/jwks")
    def jwks() -> Response:
        answer = public_answer(orjson.dumps({"keys": token_keys.published()}), KEPT_SECONDS)
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    return blueprint
