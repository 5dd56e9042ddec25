"""Spend an assertion's jti and count the client's budget: one command to Redis, failing closed.

Redis must run with ``maxmemory-policy noeviction``: an evicted jti could be used again.
"""

import hashlib
import secrets

import redis
from limits import RateLimitItem
from redis.backoff import NoBackoff
from redis.retry import Retry

from idp.errors import InvalidClient, ReplayStoreUnavailable, TooManyRequests

TIMEOUT_SECONDS = 1.0

# One command: three in a pipeline cost this process more than all of them cost Redis.
_ADMIT = """
local earlier = redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX', 'GET')
local count = redis.call('INCR', KEYS[2])
if count == 1 then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
return {earlier, count}
"""


def connect_redis(url: str) -> redis.Redis:
    """A lazily connecting, thread-safe client. One repetition, because a pooled connection may be dead."""
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
        retry_on_error=[redis.ConnectionError, redis.TimeoutError],
    )


class Admission:
    """The last rule of client authentication: this assertion is used for the first time."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._admit = client.register_script(_ADMIT)

    def admit(
        self, client_id: str, jti: str, *, expires_at: float, budget: RateLimitItem, endpoint: str, now: float
    ) -> None:
        """Spend ``jti`` until ``expires_at`` and count one call against ``budget``, per client.

        The budget is counted only for clients that proved who they are, so nobody can use up another's.
        Raises InvalidClient (used before), TooManyRequests, ReplayStoreUnavailable.
        """
        spent = hashlib.sha256(f"{client_id}\0{jti}".encode(errors="surrogatepass")).hexdigest()
        # Our mark comes back when redis-py repeated a command whose first answer was lost: that is
        # not a replay. Another's mark is one.
        mark = secrets.token_bytes(12)
        window = budget.get_expiry()
        started = int(now) - int(now) % window
        counter = f"idp:{budget.key_for(endpoint, client_id)}:{started}"
        try:
            earlier, count = self._admit(
                keys=[f"idp:jti:{spent}", counter],
                args=[mark, max(1, int((expires_at - now) * 1000)), window + 1],
            )
        except redis.RedisError as error:
            raise ReplayStoreUnavailable(detail=f"redis: {type(error).__name__}") from error
        if earlier is not None and earlier != mark:
            raise InvalidClient("The assertion was used before: make one with a new jti.", detail="jti")
        if count > budget.amount:
            raise TooManyRequests(detail="budget", retry_after=max(1, int(started + window - now) + 1))

    def is_available(self) -> bool:
        try:
            return bool(self._redis.ping())
        except redis.RedisError:
            return False
