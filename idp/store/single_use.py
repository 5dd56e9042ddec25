"""What may be used once, in Redis: the jti of DPoP proofs (RFC 9449 §11.1)."""

import hashlib
import secrets

import redis

from idp.errors import ReplayStoreUnavailable


class SingleUse:
    """Thread-safe; fails closed. Redis must not evict (see store/admission.py)."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def spend(self, kind: str, value: str, seconds: int) -> bool:
        """Whether ``value`` is used for the first time. Raises ReplayStoreUnavailable."""
        key = f"idp:{kind}:{hashlib.sha256(value.encode(errors='surrogatepass')).hexdigest()}"
        # Our own mark comes back when redis-py repeated a command whose first answer was lost.
        mark = secrets.token_bytes(12)
        try:
            earlier = self._redis.set(key, mark, ex=seconds, nx=True, get=True)
        except redis.RedisError as error:
            raise ReplayStoreUnavailable(detail=f"redis: {type(error).__name__}") from error
        return earlier is None or earlier == mark
