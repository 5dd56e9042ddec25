"""Server-side sessions. The browser has a random cookie, Redis what is sealed under it.

Whoever reads Redis has neither the cookie nor what is sealed: the key of the row is the cookie's SHA-256,
the key of the seal is derived of the cookie itself.
"""

import hashlib
import secrets
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import orjson
import redis
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desk.errors import SessionsUnavailable

_NONCE_BYTES = 12
_PREFIX = "desk:"


def new_cookie() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


class Sessions:
    """Every method raises SessionsUnavailable. ``ended`` is what the provider's back-channel does."""

    def __init__(self, connect: Callable[[], "redis.Redis"]) -> None:
        self._connect = connect

    def find(self, cookie: str) -> dict[str, Any] | None:
        """What is kept; None when it ended, or was never there."""
        with _redis_errors():
            sealed = self._connect().get(_row(cookie))
        if not isinstance(sealed, bytes):
            return None
        try:
            plain = AESGCM(_key(cookie)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], b"")
        except InvalidTag:
            return None
        kept: dict[str, Any] = orjson.loads(plain)
        return kept

    def keep(self, cookie: str, values: dict[str, Any], *, seconds: int, session_id: str = "") -> None:
        """``session_id``: the provider's ``sid``; it must be given for whoever is logged in."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(_key(cookie)).encrypt(nonce, orjson.dumps(values), b"")
        with _redis_errors(), self._connect().pipeline() as pipe:
            pipe.set(_row(cookie), sealed, ex=seconds)
            if session_id:
                pipe.sadd(_index(session_id), _row(cookie))
                pipe.expire(_index(session_id), max(seconds, 24 * 3600))
            pipe.execute()

    def touch(self, cookie: str, *, seconds: int) -> None:
        """It was used: its idle time begins again."""
        with _redis_errors():
            self._connect().expire(_row(cookie), seconds)

    def end(self, cookie: str) -> None:
        with _redis_errors():
            self._connect().delete(_row(cookie))

    def end_all(self, session_id: str) -> int:
        """Every session of a provider's ``sid``; how many there were."""
        with _redis_errors():
            connection = self._connect()
            rows = connection.smembers(_index(session_id))
            return int(connection.delete(_index(session_id), *rows)) - 1 if rows else 0

    def spend(self, name: str, *, seconds: int) -> bool:
        """True the first time only: for what may be used once."""
        with _redis_errors():
            return bool(self._connect().set(f"{_PREFIX}spent:{_digest(name)}", b"1", nx=True, ex=seconds))

    def available(self) -> bool:
        try:
            with _redis_errors():
                return bool(self._connect().ping())
        except SessionsUnavailable:
            return False


@contextmanager
def _redis_errors() -> Any:
    try:
        yield
    except redis.RedisError as error:
        raise SessionsUnavailable(type(error).__name__) from error


def _row(cookie: str) -> str:
    return f"{_PREFIX}session:{_digest(cookie)}"


def _index(session_id: str) -> str:
    return f"{_PREFIX}sid:{_digest(session_id)}"


def _key(cookie: str) -> bytes:
    return hashlib.sha256(b"desk session seal " + cookie.encode()).digest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
