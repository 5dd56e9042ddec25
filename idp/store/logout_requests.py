"""A logout request that came by POST, held for the moment until the browser asks again by GET.

Another site's POST brings no SameSite=Lax cookie along, so at that moment nobody knows whose session it is
about; and an ID token should not be put into a URL of ours.
"""

import secrets
from dataclasses import asdict

import orjson
import redis

from idp.protocol.logout import LogoutRequest

KEPT_SECONDS = 600


class HeldLogoutRequests:
    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def hold(self, request: LogoutRequest) -> str:
        """A handle for ten minutes; "" when Redis is away, then go on without."""
        handle = secrets.token_urlsafe(16)
        try:
            self._redis.set(_key(handle), orjson.dumps(asdict(request)), ex=KEPT_SECONDS)
        except redis.RedisError:
            return ""
        return handle

    def find(self, handle: str) -> LogoutRequest | None:
        """None when it is over, unknown, or Redis is away: then the person is asked instead."""
        try:
            found = self._redis.get(_key(handle))
        except redis.RedisError:
            return None
        return LogoutRequest(**orjson.loads(found)) if isinstance(found, bytes) else None


def _key(handle: str) -> str:
    return f"idp:logout-request:{handle[:64]}"
