"""The DPoP proofs that were used (RFC 9449 §11.1), in Redis: each serves once in all replicas."""

import hashlib
import secrets

import redis

from policies.buckets import ANSWER_WITHIN
from signsvc.errors import ProofStoreUnavailable


class SpentProofs:
    """Thread-safe; fails closed. Redis must not evict."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    @classmethod
    def open(cls, url: str) -> "SpentProofs":
        """``url`` as the quotas have it: ``redis://…``, ``unix://…`` or ``redis+unix://…``."""
        # The address may hold a password; redis-py opens no connection before it is used.
        return cls(
            redis.Redis.from_url(
                url.removeprefix("redis+"),
                socket_timeout=ANSWER_WITHIN,
                socket_connect_timeout=ANSWER_WITHIN,
            )
        )

    def spend(self, name: str, seconds: int) -> bool:
        """Whether ``name`` is used for the first time. Raises ProofStoreUnavailable."""
        key = f"signsvc:dpop:{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()}"
        # Our own mark comes back when redis-py repeated a command whose first answer was lost.
        mark = secrets.token_bytes(12)
        try:
            earlier = self._redis.set(key, mark, ex=seconds, nx=True, get=True)
        except redis.RedisError as error:
            raise ProofStoreUnavailable(detail=f"redis: {type(error).__name__}") from error
        return earlier is None or earlier == mark

    def close(self) -> None:
        self._redis.close()
