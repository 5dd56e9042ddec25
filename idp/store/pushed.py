"""Pushed authorization requests (RFC 9126) in Redis: short-lived, one use at completion.

One use is counted when a journey is answered, not when the address is first visited: a page that a
browser loads ahead, or a reload, must not burn the request (FAPI 2.0 §5.3.2.2 note).
"""

import hashlib
import secrets

import orjson
import redis

from idp.protocol.authorize.request import AuthorizationRequest, Destination
from idp.store.fail_closed import fail_closed

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIVE_SECONDS = 90
# As long as a journey may live, and be owed an answer.
OWED_SECONDS = 25 * 3600


class PushedRequests:
    """Thread-safe. Every method raises ReplayStoreUnavailable. Redis has the SHA-256 of a request_uri."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def push(self, request: AuthorizationRequest) -> tuple[str, int]:
        """The ``request_uri`` and ``expires_in`` (seconds)."""
        request_uri = PREFIX + secrets.token_urlsafe(32)
        key = _key(request_uri)
        with fail_closed():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.set(key, orjson.dumps(request.plain()), ex=LIVE_SECONDS)
            pipeline.set(f"{key}:owed", orjson.dumps(request.destination.plain()), ex=OWED_SECONDS)
            pipeline.execute()
        return request_uri, LIVE_SECONDS

    def find(self, request_uri: str) -> AuthorizationRequest | None:
        """While it lives and no journey was answered with it."""
        key = _key(request_uri)
        with fail_closed():
            value, spent = self._redis.mget(key, f"{key}:spent")
        if value is None or spent is not None:
            return None
        return AuthorizationRequest.from_plain(orjson.loads(value))

    def find_journey(self, request_uri: str) -> str:
        """The journey that began with it last, even after it expired; "" when there is none."""
        with fail_closed():
            value = self._redis.get(f"{_key(request_uri)}:journey")
        return value.decode() if isinstance(value, bytes) else ""

    def find_owed(self, request_uri: str) -> Destination | None:
        """Where the answer belongs, for a day after it expired or was used."""
        with fail_closed():
            value = self._redis.get(f"{_key(request_uri)}:owed")
        return Destination(**orjson.loads(value)) if isinstance(value, bytes) else None

    def begin(self, request_uri: str, journey_id: str) -> None:
        """A journey began with it: a reload finds its way back there."""
        with fail_closed():
            self._redis.set(f"{_key(request_uri)}:journey", journey_id, ex=OWED_SECONDS)

    def spend(self, request_uri: str, journey_id: str) -> bool:
        """Whether this journey may be answered: the first that asks, and the same again."""
        with fail_closed():
            earlier = self._redis.set(
                f"{_key(request_uri)}:spent", journey_id, ex=OWED_SECONDS, nx=True, get=True
            )
        return earlier is None or earlier == journey_id.encode()


def _key(request_uri: str) -> str:
    return f"idp:pushed:{hashlib.sha256(request_uri.encode(errors='surrogatepass')).hexdigest()}"
