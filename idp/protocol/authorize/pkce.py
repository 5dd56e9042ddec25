"""RFC 7636 as RFC 9700 §2.1.1 and FAPI 2.0 §5.3.2.2 narrow it: S256, from everybody.

One exception: a confidential client of the baseline profile, which certified relying parties without
PKCE need; its exception has an end date, and its code is bound to its own authentication.
"""

import re

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused

# BASE64URL of a SHA-256: 43 characters, the last of which has two bits to spare.
_S256 = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)


def read_code_challenge(asked: Asked) -> str:
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    if not challenge and not method:
        if asked.client.is_baseline(asked.now) and not asked.client.is_public:
            return ""
        raise AuthorizationRefused(INVALID_REQUEST, "Send code_challenge with code_challenge_method S256.")
    if method != "S256":
        # RFC 7636 §4.3: without a method it would be plain.
        raise AuthorizationRefused(INVALID_REQUEST, "code_challenge_method must be S256.")
    if not _S256.fullmatch(challenge):
        raise AuthorizationRefused(
            INVALID_REQUEST, "code_challenge must be the base64url of a SHA-256: 43 characters."
        )
    return challenge
