"""ID tokens and logout tokens: what must hold before a word of them is believed."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from desk.errors import LoginFailed, LogoutTokenRefused
from desk.provider.metadata import Metadata

ALGORITHM = "ES256"
LEEWAY = 10
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Whom the provider vouches for. ``session_id``: its ``sid``, by which it will say that this is over."""

    subject: str
    session_id: str
    name: str
    acr: str


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """``subject`` or ``session_id`` may be "", never both. ``jti``: to be spent once."""

    subject: str
    session_id: str
    jti: str


@dataclass(frozen=True, slots=True)
class VerifyTokens:
    """Raises ProviderUnavailable besides what each method says."""

    metadata: Metadata
    issuer: str
    client_id: str

    def id_token(self, unverified_token: str, *, nonce: str, access_token: str, now: int) -> LoggedIn:
        """OpenID Connect Core §3.1.3.7. Raises LoginFailed."""
        claims = self._verify(unverified_token)
        if claims is None:
            raise LoginFailed("ID token: signature")
        if claims.get("iss") != self.issuer or claims.get("aud") not in (self.client_id, [self.client_id]):
            raise LoginFailed("ID token: iss or aud")
        if not _is_time(claims.get("exp")) or now >= claims["exp"] + LEEWAY:
            raise LoginFailed("ID token: exp")
        if not _is_time(claims.get("iat")) or claims["iat"] > now + LEEWAY:
            raise LoginFailed("ID token: iat")
        # Bound to the request of this very browser: another's code cannot be put under our login.
        if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
            raise LoginFailed("ID token: nonce")
        if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token):
            raise LoginFailed("ID token: at_hash")
        subject, session_id = claims.get("sub"), claims.get("sid")
        if not (isinstance(subject, str) and subject and isinstance(session_id, str) and session_id):
            raise LoginFailed("ID token: sub or sid")
        return LoggedIn(subject, session_id, str(claims.get("name") or ""), str(claims.get("acr") or ""))

    def logout_token(self, unverified_token: str, *, now: int) -> LoggedOut:
        """OpenID Connect Back-Channel Logout 1.0 §2.6. Raises LogoutTokenRefused."""
        claims = self._verify(unverified_token, typ="logout+jwt")
        if claims is None:
            raise LogoutTokenRefused("signature or typ")
        if claims.get("iss") != self.issuer or claims.get("aud") not in (self.client_id, [self.client_id]):
            raise LogoutTokenRefused("iss or aud")
        if not (_is_time(claims.get("iat")) and _is_time(claims.get("exp"))):
            raise LogoutTokenRefused("iat or exp")
        if claims["iat"] > now + LEEWAY or now >= claims["exp"] + LEEWAY:
            raise LogoutTokenRefused("not of now")
        events = claims.get("events")
        if not isinstance(events, dict) or events.get(LOGOUT_EVENT) != {}:
            raise LogoutTokenRefused("events")
        # An ID token has a nonce: it must never pass for a logout token.
        if "nonce" in claims:
            raise LogoutTokenRefused("nonce")
        subject, session_id, jti = (str(claims.get(name) or "") for name in ("sub", "sid", "jti"))
        if not jti or not (subject or session_id):
            raise LogoutTokenRefused("jti, sub or sid")
        return LoggedOut(subject, session_id, jti)

    def _verify(self, unverified_token: str, typ: str = "") -> dict[str, Any] | None:
        """The claims when the provider signed them; None otherwise."""
        try:
            header = orjson.loads(_decode(unverified_token.partition(".")[0]))
        except ValueError:
            return None
        # RFC 8725 §3.1: our algorithm, never the header's choice.
        if not isinstance(header, dict) or header.get("alg") != ALGORITHM:
            return None
        if typ and header.get("typ") != typ:
            return None
        keys: KeySet = self.metadata.keys(str(header.get("kid", "")))
        try:
            return dict(jwt.decode(unverified_token, keys, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError):
            return None


def _decode(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _half_hash(access_token: str) -> str:
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
