"""Idempotency keys (draft-ietf-httpapi-idempotency-key-header), in Redis: one request, done once.

A key belongs to a client and to the digest of its first request. While that is at work the key holds a
lease, so that a dead process does not block it; then it holds the answer, sealed, for a day.
"""

import hashlib
import secrets
from dataclasses import dataclass

import orjson
import redis

from idp.errors import IdempotencyMismatch, ReplayStoreUnavailable, RequestInProgress
from idp.store.sealing import Sealing

LEASE_SECONDS, KEPT_SECONDS = 60, 86400

# Only the attempt that holds the lease may end it: a late one must not undo its successor's.
_KEEP = """
local held = redis.call('GET', KEYS[1])
if held and cjson.decode(held).attempt == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
end
"""
_RELEASE = """
local held = redis.call('GET', KEYS[1])
if held and cjson.decode(held).attempt == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The right to do the request now."""

    name: str
    digest: str
    attempt: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    body: str


class IdempotencyKeys:
    """Thread-safe; fails closed: every method raises ReplayStoreUnavailable.

    Answers may hold a new client's secret, so they are kept as personal numbers are: sealed.
    """

    def __init__(self, client: redis.Redis, sealing: Sealing) -> None:
        self._redis = client
        self._sealing = sealing

    def begin(self, client_id: str, key: str, request_digest: bytes) -> Attempt | KeptAnswer:
        """The right to do it, or the kept answer.

        Raises IdempotencyMismatch for another request under this key, RequestInProgress while it is at work.
        """
        name = f"idp:idempotency:{hashlib.sha256(orjson.dumps([client_id, key])).hexdigest()}"
        attempt = Attempt(name, request_digest.hex(), secrets.token_hex(16))
        held = orjson.dumps({"digest": attempt.digest, "attempt": attempt.attempt})
        try:
            earlier = self._redis.set(name, held, ex=LEASE_SECONDS, nx=True, get=True)
        except redis.RedisError as error:
            raise _away(error) from error
        # Our own comes back when redis-py repeated a command whose first answer was lost.
        if earlier is None or earlier == held:
            return attempt
        found = orjson.loads(earlier)  # type: ignore[arg-type]  # redis-py types it as maybe awaitable
        if found["digest"] != attempt.digest:
            raise IdempotencyMismatch()
        if "status" not in found:
            raise RequestInProgress()
        return KeptAnswer(found["status"], self._sealing.open(found["body"], name))

    def keep(self, attempt: Attempt, answer: KeptAnswer) -> None:
        """Remember the answer, unless somebody took the key over."""
        kept = {
            "digest": attempt.digest,
            "status": answer.status,
            "body": self._sealing.seal(answer.body, attempt.name),
        }
        self._run(_KEEP, attempt, orjson.dumps(kept), KEPT_SECONDS)

    def release(self, attempt: Attempt) -> None:
        """It came to nothing: the same request may be tried again."""
        self._run(_RELEASE, attempt)

    def _run(self, script: str, attempt: Attempt, *values: bytes | int) -> None:
        try:
            self._redis.eval(script, 1, attempt.name, attempt.attempt, *values)
        except redis.RedisError as error:
            raise _away(error) from error


def _away(error: redis.RedisError) -> ReplayStoreUnavailable:
    return ReplayStoreUnavailable(detail=f"redis: {type(error).__name__}")
