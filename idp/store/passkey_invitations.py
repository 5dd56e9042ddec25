"""Invitations to enrol a passkey, of which an administrator hands out the link: Redis, half an hour, one use.

Raises ReplayStoreUnavailable: without Redis nobody enrols by one.
"""

import hashlib
import secrets
from dataclasses import asdict, dataclass

import orjson
import redis

from idp.store.fail_closed import fail_closed

LIVE_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class Invitation:
    """``person_id``: the one whom it is for. ``by``: the administrator who vouches."""

    person_id: str
    by: str


class PasskeyInvitations:
    """Redis has the SHA-256 of a link's secret: the ``handle``, by which a login remembers it."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def issue(self, invitation: Invitation) -> str:
        """The link's secret: 256 random bits."""
        token = secrets.token_urlsafe(32)
        with fail_closed():
            self._redis.set(_key(handle_of(token)), orjson.dumps(asdict(invitation)), ex=LIVE_SECONDS)
        return token

    def find(self, handle: str) -> Invitation | None:
        with fail_closed():
            return _read(self._redis.get(_key(handle)))

    def take(self, handle: str) -> Invitation | None:
        """Once: of two at the same time one gets it."""
        with fail_closed():
            return _read(self._redis.getdel(_key(handle)))


def handle_of(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _read(value: object) -> Invitation | None:
    return Invitation(**orjson.loads(value)) if isinstance(value, bytes) else None


def _key(handle: str) -> str:
    return f"idp:passkey-invitation:{handle}"
