"""Wake the worker through Redis. Only a courtesy: without it the worker looks by itself every moment."""

import time

import redis

_KEY = "idp:wake:logout"
_KEPT = 8
_SECONDS = 30
# Below the time-out of the connection itself.
_LONGEST_NAP = 0.8


class Wake:
    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def ring(self) -> None:
        """There is something to do. Never raises: the work is in SQL and will be found."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.lpush(_KEY, b"1")
        pipeline.ltrim(_KEY, 0, _KEPT)
        pipeline.expire(_KEY, _SECONDS)
        try:
            pipeline.execute()
        except redis.RedisError:
            return

    def nap(self, seconds: float) -> None:
        """Return after so many seconds (0.8 at most), or at once when somebody rang."""
        seconds = min(seconds, _LONGEST_NAP)
        try:
            self._redis.blpop([_KEY], timeout=seconds)
        except redis.RedisError:
            time.sleep(seconds)
