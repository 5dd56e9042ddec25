"""OpenID Connect Core §3.1.2.1, id_token_hint: an ID Token of ours says who is expected."""

from typing import Any

from idp.errors import JwsRefused
from idp.protocol.authorize.asked import Asked, FindKey
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused
from idp.protocol.compact_jws import check_signature, parse_unverified

MAX_CHARACTERS = 16 * 1024


def verify_id_token(compact: str, find_key: FindKey, issuer: str) -> dict[str, Any]:
    """The claims of an ID Token that we signed, expired or not: a hint is not a credential.

    Raises JwsRefused for anything else, an access token and a logout token included. KeysUnavailable.
    """
    unverified = parse_unverified(compact, max_length=MAX_CHARACTERS)
    # RFC 8725 §3.11: our other tokens say by their typ that they are something else.
    if unverified.header.get("typ", "JWT") != "JWT":
        raise JwsRefused("Not an ID Token.", detail="typ")
    key = find_key(unverified.header.get("kid"))
    if key is None:
        raise JwsRefused("Not an ID Token of ours.", detail="kid")
    check_signature(unverified, key)
    claims = unverified.claims
    if claims.get("iss") != issuer or not isinstance(claims.get("sub"), str):
        raise JwsRefused("Not an ID Token of ours.", detail="iss")
    return claims


def read_hinted_sub(asked: Asked) -> str:
    """The sub of the hint, "" without one. The hint must have been made for this client."""
    sent = asked.get("id_token_hint")
    if not sent:
        return ""
    try:
        claims = verify_id_token(sent, asked.find_key, asked.issuer)
    except JwsRefused as error:
        raise AuthorizationRefused(
            INVALID_REQUEST, "id_token_hint is not an ID Token of this provider.", detail=error.detail
        ) from error
    audience = claims.get("aud")
    if asked.client.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise AuthorizationRefused(
            INVALID_REQUEST, "id_token_hint was made for another client.", detail="hint aud"
        )
    return str(claims["sub"])
