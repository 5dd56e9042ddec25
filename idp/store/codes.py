"""Authorization codes in Redis: sixty seconds, one use, and a memory of the use (RFC 6749 §4.1.2)."""

import hashlib
import secrets
from dataclasses import dataclass

import orjson
import redis

from idp.protocol.authorization import Authorization
from idp.store.fail_closed import fail_closed

LIVE_SECONDS = 60
# A code that comes again this late still tells that somebody stole it.
REMEMBERED_SECONDS = 24 * 3600

# Taking the code and leaving the mark are one step: of two thieves, or two clicks, one wins.
_REDEEM = """
local found = redis.call('GETDEL', KEYS[1])
if found then
  redis.call('SET', KEYS[2], '1', 'EX', ARGV[1])
  return {'found', found}
end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'reused', ''} end
return {'unknown', ''}
"""


@dataclass(frozen=True, slots=True)
class Reused:
    """The code was redeemed before. ``family``: of what was issued for it, to be revoked."""

    family: str


class Codes:
    """Thread-safe. Every method raises ReplayStoreUnavailable. Redis has the SHA-256 of a code."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._redeem = client.register_script(_REDEEM)

    def issue(self, authorization: Authorization, now: int) -> str:
        """A code of 256 random bits. ``now`` is when the person allowed it."""
        code = secrets.token_urlsafe(32)
        with fail_closed():
            self._redis.set(_key(code), orjson.dumps(authorization.plain()), ex=LIVE_SECONDS)
        return code

    def find(self, code: str) -> Authorization | None:
        """What it stands for while nobody redeemed it: to check who may, before it is used up."""
        with fail_closed():
            value = self._redis.get(_key(code))
        return Authorization.from_plain(orjson.loads(value)) if isinstance(value, bytes) else None

    def redeem(self, code: str, now: int) -> Authorization | Reused | None:
        """What the code stands for, once; None when it is not known, or not any more."""
        key = _key(code)
        with fail_closed():
            state, value = self._redeem(keys=[key, f"{key}:used"], args=[REMEMBERED_SECONDS])
        if state == b"found":
            authorization = Authorization.from_plain(orjson.loads(value))
            return authorization if now < authorization.granted_at + LIVE_SECONDS else None
        return Reused(family_of(code)) if state == b"reused" else None

    def is_waiting(self, code: str) -> bool:
        """Whether it lives and nobody has redeemed it."""
        with fail_closed():
            return bool(self._redis.exists(_key(code)))


def family_of(code: str) -> str:
    """The id of all that is issued for this code: known again when the code is reused."""
    return hashlib.sha256(f"family\0{code}".encode(errors="surrogatepass")).hexdigest()[:32]


def _key(code: str) -> str:
    return f"idp:code:{hashlib.sha256(code.encode(errors='surrogatepass')).hexdigest()}"
