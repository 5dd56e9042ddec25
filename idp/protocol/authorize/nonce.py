"""OpenID Connect Core §3.1.2.1, nonce: optional with the code flow; goes into the ID Token as it came."""

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused

MAX_NONCE = 1024


def read_nonce(asked: Asked) -> str:
    nonce = asked.get("nonce")
    if len(nonce) > MAX_NONCE:
        raise AuthorizationRefused(INVALID_REQUEST, f"nonce is longer than {MAX_NONCE} characters.")
    return nonce
