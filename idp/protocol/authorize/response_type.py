"""RFC 6749 §3.1.1: code, and nothing that puts a token into an address (RFC 9700 §2.1.2)."""

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, UNSUPPORTED_RESPONSE_TYPE, AuthorizationRefused
from idp.protocol.authorize.errors import UNAUTHORIZED_CLIENT as UNAUTHORIZED
from idp.protocol.authorize.request import RESPONSE_MODES

AUTHORIZATION_CODE = "authorization_code"


def check_response_type(asked: Asked) -> None:
    response_type = asked.get("response_type")
    if not response_type:
        raise AuthorizationRefused(INVALID_REQUEST, "The parameter response_type is missing: use code.")
    if response_type != "code":
        raise AuthorizationRefused(UNSUPPORTED_RESPONSE_TYPE, "The only response_type here is code.")
    if AUTHORIZATION_CODE not in asked.client.metadata.grant_types:
        raise AuthorizationRefused(
            UNAUTHORIZED, "This client is not registered for the grant type authorization_code."
        )


def check_response_mode(asked: Asked) -> None:
    """OAuth 2.0 Multiple Response Types §2.1: the fragment is for tokens, and there are none here."""
    mode = asked.get("response_mode")
    if mode and mode not in RESPONSE_MODES:
        raise AuthorizationRefused(
            INVALID_REQUEST, f"response_mode is one of {', '.join(RESPONSE_MODES)}, or left out."
        )
