"""The client is registered and active. The answer does not tell which of the two failed."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt


def check_client_state(attempt: Attempt) -> None:
    if attempt.client is None:
        raise InvalidClient(detail="client unknown")
    if not attempt.client.active:
        raise InvalidClient(detail="client disabled")
