"""Self-tests of clients' logins, in Redis: for an hour, and nothing of any person in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import redis

from idp.store.fail_closed import fail_closed

LIVE_SECONDS = 3600
_RUNNING, _BEGUN = "idp:selftest:running", "begun"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was last seen of one step. ``at``: Unix seconds. ``note``: a method, a number, an error code."""

    at: int
    ok: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """``begun_by``: the person_id of an administrator. ``sightings`` by step."""

    client_id: str
    begun_at: int
    begun_by: str
    sightings: Mapping[str, Sighting]

    @property
    def ends_at(self) -> int:
        return self.begun_at + LIVE_SECONDS


class SelfTests:
    """Thread-safe. Every method raises ReplayStoreUnavailable."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def begin(self, client_id: str, by: str, now: int) -> None:
        """Anew: what an earlier one saw is forgotten."""
        key = _key(client_id)
        with fail_closed():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.delete(key)
            pipeline.hset(key, _BEGUN, orjson.dumps([now, by]))
            pipeline.expire(key, LIVE_SECONDS)
            pipeline.zremrangebyscore(_RUNNING, "-inf", now)
            pipeline.zadd(_RUNNING, {client_id: now + LIVE_SECONDS})
            pipeline.execute()

    def end(self, client_id: str) -> None:
        with fail_closed():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.zrem(_RUNNING, client_id)
            pipeline.delete(_key(client_id))
            pipeline.execute()

    def running(self, now: int) -> Mapping[str, int]:
        """The clients under test, each with the Unix second when its test ends."""
        with fail_closed():
            found: Any = self._redis.zrangebyscore(_RUNNING, f"({now}", "+inf", withscores=True)
        return {client_id.decode(): int(ends_at) for client_id, ends_at in found}

    def record(self, client_id: str, sightings: Mapping[str, Sighting], ends_at: int, now: int) -> None:
        """The latest sighting of a step is the one that counts."""
        key = _key(client_id)
        said: dict[Any, Any] = {
            step: orjson.dumps([seen.at, seen.ok, seen.note]) for step, seen in sightings.items()
        }
        with fail_closed():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(key, mapping=said)
            # It may have ended meanwhile: what is written then must not stay for ever.
            pipeline.expire(key, max(1, ends_at - now))
            pipeline.execute()

    def find(self, client_id: str, now: int) -> SelfTest | None:
        """The one under way."""
        with fail_closed():
            held: dict[Any, Any] = self._redis.hgetall(_key(client_id))
        begun = held.pop(_BEGUN.encode(), None)
        if begun is None:
            return None
        begun_at, begun_by = orjson.loads(begun)
        if now >= begun_at + LIVE_SECONDS:
            return None
        seen = {step.decode(): Sighting(*orjson.loads(value)) for step, value in held.items()}
        return SelfTest(client_id, begun_at, begun_by, seen)


def _key(client_id: str) -> str:
    return f"idp:selftest:client:{client_id}"
