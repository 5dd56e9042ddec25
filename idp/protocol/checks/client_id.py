"""RFC 7521 §4.2: a client_id beside the assertion must name the same client."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt


def check_client_id(attempt: Attempt) -> None:
    if attempt.posted_client_id is not None and attempt.posted_client_id != attempt.claims.get("sub"):
        raise InvalidClient("client_id is not the one in the assertion.", detail="client_id")
