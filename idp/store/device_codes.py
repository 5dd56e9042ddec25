"""Devices that wait for a person's yes (RFC 8628), in Redis. Codes are kept as SHA-256."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import redis

from idp.errors import AccessDenied, AuthorizationPending, ExpiredToken, SlowDown
from idp.protocol.authorization import Authorization
from idp.protocol.user_code import new_user_code
from idp.store.fail_closed import fail_closed

LIVE_SECONDS = 600
INTERVAL_SECONDS = 5
_DENIED = b"denied"


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """``handle``: names it where its codes must not stand; it opens nothing."""

    handle: str
    client_id: str
    scope: str
    resources: tuple[str, ...]
    details: tuple[Mapping[str, Any], ...]


class DeviceCodes:
    """Thread-safe. Every method raises ReplayStoreUnavailable."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def issue(
        self,
        client_id: str,
        scope: str,
        resources: tuple[str, ...],
        details: tuple[Mapping[str, Any], ...],
    ) -> tuple[str, str]:
        """A device code (256 random bits) and a user code."""
        device_code = secrets.token_urlsafe(32)
        handle = _hash(device_code)
        asked = DeviceRequest(handle, client_id, scope, resources, details)
        with fail_closed():
            while True:
                user_code = new_user_code()
                # Of two devices with the same user code one would get the other's person.
                if self._redis.set(_user(user_code), handle, ex=LIVE_SECONDS, nx=True):
                    break
            self._redis.set(_key(handle), orjson.dumps(asdict(asked)), ex=LIVE_SECONDS)
        return device_code, user_code

    def find_by_user_code(self, user_code: str) -> DeviceRequest | None:
        with fail_closed():
            handle = self._redis.get(_user(user_code))
        return self.find(handle.decode()) if isinstance(handle, bytes) else None

    def find(self, handle: str) -> DeviceRequest | None:
        """While nobody answered and it did not run out."""
        with fail_closed():
            value, answered = self._redis.mget(_key(handle), f"{_key(handle)}:answer")
        if not isinstance(value, bytes) or answered is not None:
            return None
        plain = orjson.loads(value)
        return DeviceRequest(
            **{**plain, "resources": tuple(plain["resources"]), "details": tuple(plain["details"])}
        )

    def answer(self, handle: str, authorization: Authorization | None) -> bool:
        """The person's yes, or no (None); False when it was answered before. The first answer counts."""
        value = orjson.dumps(authorization.plain()) if authorization else _DENIED
        with fail_closed():
            kept = self._redis.set(f"{_key(handle)}:answer", value, ex=LIVE_SECONDS, nx=True)
        return bool(kept)

    def collect(self, device_code: str, client_id: str) -> Authorization:
        """The answer, once.

        Raises AuthorizationPending, SlowDown, AccessDenied, ExpiredToken (unknown or collected).
        """
        key = _key(_hash(device_code))
        with fail_closed():
            value = self._redis.get(key)
            if not isinstance(value, bytes) or orjson.loads(value)["client_id"] != client_id:
                raise ExpiredToken(detail="device code unknown or expired")
            interval = int(self._redis.get(f"{key}:interval") or INTERVAL_SECONDS)
            # A second less than told: the network may bring two requests nearer together.
            if not self._redis.set(f"{key}:asked", b"1", ex=max(1, interval - 1), nx=True):
                self._redis.set(f"{key}:interval", interval + 5, ex=LIVE_SECONDS)
                raise SlowDown(detail="slow_down")
            answer = self._redis.getdel(f"{key}:answer")
            if answer is None:
                raise AuthorizationPending(detail="pending")
            self._redis.delete(key)
        if answer == _DENIED:
            raise AccessDenied(detail="denied on the page")
        return Authorization.from_plain(orjson.loads(answer))

    def may_try(self, who: str, budget: int, now: int) -> bool:
        """Count one try of a user code by ``who`` in this minute (§5.1)."""
        key = f"idp:device-tries:{_hash(who)}:{now // 60}"
        with fail_closed():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.incr(key)
            pipeline.expire(key, 61)
            count, _ = pipeline.execute()
        return int(count) <= budget


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()


def _key(handle: str) -> str:
    return f"idp:device:{handle}"


def _user(user_code: str) -> str:
    return f"idp:user-code:{_hash(user_code)}"
