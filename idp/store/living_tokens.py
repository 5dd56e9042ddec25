"""What a living access token for userinfo stands for, in Redis: the token itself names no person."""

import orjson
import redis

from idp.errors import ReplayStoreUnavailable
from idp.protocol.authorization import Authorization


class LivingTokens:
    """Thread-safe. By jti, which is not secret: what is found opens nothing without the token."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def keep(self, jti: str, authorization: Authorization, seconds: int) -> None:
        """As long as the token lives. Raises ReplayStoreUnavailable."""
        try:
            self._redis.set(_key(jti), orjson.dumps(authorization.plain()), ex=seconds + 1)
        except redis.RedisError as error:
            raise ReplayStoreUnavailable(detail=f"redis: {type(error).__name__}") from error

    def find(self, jti: str) -> Authorization | None:
        """None when it ran out, or Redis lost it: then it is not known whose it is, and it opens nothing."""
        try:
            value = self._redis.get(_key(jti))
        except redis.RedisError as error:
            raise ReplayStoreUnavailable(detail=f"redis: {type(error).__name__}") from error
        return Authorization.from_plain(orjson.loads(value)) if isinstance(value, bytes) else None


def _key(jti: str) -> str:
    return f"idp:token:{jti}"
