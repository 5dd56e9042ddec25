"""Check an upstream's ID token (OpenID Connect Core §3.1.3.7). Pure: keys and time are handed in."""

import base64
import hashlib
import hmac
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.errors import UpstreamFailed
from idp.login.upstream_profile import UpstreamProfile

ALGORITHMS = ["RS256", "PS256", "ES256"]
SKEW_SECONDS = 60
MAX_AGE_SECONDS = 10 * 60


def verify_upstream_token(
    unverified_token: str,
    *,
    profile: UpstreamProfile,
    keys: Any,
    nonce: str,
    access_token: str,
    now: int,
) -> dict[str, Any]:
    """Its claims. Raises UpstreamFailed("invalid"), whose detail names the rule."""
    # 1. The signature, by a key the upstream publishes, under an algorithm of ours.
    try:
        claims = jwt.decode(unverified_token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _invalid(f"signature: {type(error).__name__}") from error
    # 2. Issuer and audience: for us and for nobody else.
    if claims.get("iss") != profile.issuer:
        raise _invalid("iss")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if audiences != [profile.client_id] and not (
        profile.client_id in audiences and claims.get("azp") == profile.client_id
    ):
        raise _invalid("aud")
    # 3. Time.
    issued, expires = claims.get("iat"), claims.get("exp")
    if type(issued) is not int or type(expires) is not int:
        raise _invalid("iat, exp")
    if expires + SKEW_SECONDS <= now or not now - MAX_AGE_SECONDS <= issued <= now + SKEW_SECONDS:
        raise _invalid("expired, or of another time")
    # 4. This very transaction. A nonce that is there must be ours, quirk or not.
    given = claims.get("nonce")
    if given is None and profile.nonce == "required":
        raise _invalid("no nonce")
    if given is not None and not (isinstance(given, str) and hmac.compare_digest(given, nonce)):
        raise _invalid("nonce")
    # 5. The access token that came with it (§3.1.3.6).
    at_hash = claims.get("at_hash")
    if at_hash is not None and at_hash != _half_hash(access_token):
        raise _invalid("at_hash")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise _invalid("sub")
    return claims


def check_proved_since(anew_since: int, auth_time: object, profile: UpstreamProfile) -> None:
    """OpenID Connect Core §3.1.2.1, max_age: the login there is not older than our asking for it.

    ``anew_since``: 0 when that was not asked for. Raises UpstreamFailed("stale").
    """
    if not anew_since:
        return
    if auth_time is None:
        if profile.auth_time == "required":
            raise UpstreamFailed("stale", detail="no auth_time")
        return
    if type(auth_time) is not int or auth_time < anew_since - SKEW_SECONDS:
        raise UpstreamFailed("stale", detail="auth_time")


def _half_hash(token: str) -> str:
    digest = hashlib.sha256(token.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def _invalid(rule: str) -> UpstreamFailed:
    return UpstreamFailed("invalid", detail=rule)
