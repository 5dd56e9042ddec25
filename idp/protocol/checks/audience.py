"""RFC 10070: aud is the issuer identifier, as one string: no list, no endpoint, nothing beside it.

An assertion that also names somebody else could be taken there and used (CVE-2025-27370).
"""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt


def check_audience(attempt: Attempt) -> None:
    if attempt.claims.get("aud") != attempt.issuer:
        raise InvalidClient(
            "aud of the assertion must be the issuer identifier, alone and as a string.", detail="aud"
        )
