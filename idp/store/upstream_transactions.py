"""Logins under way at an upstream, each good for one answer, and how the upstreams are: Redis.

Raises ReplayStoreUnavailable: an answer that cannot be matched is no answer.
"""

import hashlib
import hmac
from dataclasses import asdict, dataclass

import orjson
import redis

from idp.store.fail_closed import fail_closed

TRANSACTION_SECONDS = 15 * 60
DOWN_SECONDS, UP_SECONDS = 20, 15


@dataclass(frozen=True, slots=True)
class Transaction:
    """``journey_id``: the one journey that the answer belongs to. ``verifier``: of PKCE.

    ``anew_since``: when the person had to prove there anew who they are, and it was asked for (Unix
    seconds); 0: whoever is logged in there will do.
    """

    upstream: str
    journey_id: str
    nonce: str
    verifier: str
    kiosk: bool
    anew_since: int = 0


class UpstreamTransactions:
    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def keep(self, state: str, cookie_value: str, transaction: Transaction) -> None:
        record = orjson.dumps({**asdict(transaction), "cookie": _hash(cookie_value)})
        with fail_closed():
            self._redis.set(_key(state), record, ex=TRANSACTION_SECONDS)

    def take(self, state: str, cookie_value: str) -> Transaction | None:
        """Once, for the browser that began it (login CSRF, RFC 6819 §4.4.1.8). None: not its answer."""
        with fail_closed():
            value = self._redis.getdel(_key(state))
        if not isinstance(value, bytes):
            return None
        stored = orjson.loads(value)
        if not hmac.compare_digest(stored.pop("cookie"), _hash(cookie_value)):
            return None
        return Transaction(**stored)

    def note_down(self, upstream: str) -> None:
        """It failed: nobody is sent there for some seconds."""
        with fail_closed():
            self._redis.set(f"idp:upstream:{upstream}:down", b"1", ex=DOWN_SECONDS)
            self._redis.delete(f"idp:upstream:{upstream}:up")

    def note_up(self, upstream: str) -> None:
        """It answered: it need not be asked again for some seconds."""
        with fail_closed():
            self._redis.set(f"idp:upstream:{upstream}:up", b"1", ex=UP_SECONDS)
            self._redis.delete(f"idp:upstream:{upstream}:down")

    def is_down(self, upstream: str) -> bool:
        with fail_closed():
            return bool(self._redis.exists(f"idp:upstream:{upstream}:down"))

    def is_up(self, upstream: str) -> bool:
        with fail_closed():
            return bool(self._redis.exists(f"idp:upstream:{upstream}:up"))


def _key(state: str) -> str:
    return f"idp:upstream:transaction:{_hash(state)}"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
