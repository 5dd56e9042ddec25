"""What a client's profile demands of how its requests come (FAPI 2.0 §5.3.2.2; Message Signing §5.3.1)."""

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused


def check_profile(asked: Asked) -> None:
    metadata = asked.client.metadata
    if not asked.pushed and (
        metadata.require_pushed_authorization_requests or not asked.client.is_baseline(asked.now)
    ):
        raise AuthorizationRefused(
            INVALID_REQUEST,
            "This client must push its requests to the pushed_authorization_request_endpoint (RFC 9126).",
            detail="not pushed",
        )
    if metadata.require_signed_request_object and not asked.signed:
        raise AuthorizationRefused(
            INVALID_REQUEST,
            "This client must sign its requests: send them as a request object (RFC 9101).",
            detail="not signed",
        )
