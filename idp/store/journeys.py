"""Journeys in Redis: live for half an hour, and for a day more as the address that is owed an answer."""

import hashlib
import hmac
import secrets
from dataclasses import replace
from typing import Any

import orjson
import redis
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idp.login.journey import Journey
from idp.protocol.assurance import Authentication
from idp.protocol.authorize.request import AuthorizationRequest, Destination
from idp.store.fail_closed import fail_closed
from idp.store.login_progress import Progress, progress_key, read_progress

LIVE_SECONDS = 30 * 60
OWED_SECONDS = LIVE_SECONDS + 24 * 3600
# As long as a code lives: after that a repeated answer would be of no use.
ANSWER_SECONDS = 60


class Journeys:
    """Thread-safe. Every method raises ReplayStoreUnavailable: without Redis nobody is half logged in.

    A journey belongs to one browser: a cookie of 256 random bits, of which Redis has the SHA-256.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    @staticmethod
    def prepare(
        request: AuthorizationRequest, *, session: Authentication | None, now: int, spends: str = ""
    ) -> tuple[Journey, str]:
        """A new journey and its cookie value, not kept yet: many requests need no second visit.

        ``session``: who is logged in in this browser, if anybody.
        """
        journey = Journey(
            journey_id=secrets.token_urlsafe(16),
            request=request,
            created_at=now,
            session_id=session.session_id if session else "",
            auth_time=session.auth_time if session else 0,
            spends=spends,
        )
        return journey, secrets.token_urlsafe(32)

    def start(
        self, request: AuthorizationRequest, *, session: Authentication | None, now: int
    ) -> tuple[Journey, str]:
        """``prepare`` and ``keep`` in one."""
        journey, cookie_value = self.prepare(request, session=session, now=now)
        self.keep(journey, cookie_value)
        return journey, cookie_value

    def keep(self, journey: Journey, cookie_value: str) -> None:
        """From now on it can be found."""
        with fail_closed():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.set(_live(journey.journey_id), _record(journey, _hash(cookie_value)), ex=LIVE_SECONDS)
            owed = orjson.dumps(journey.request.destination.plain())
            pipeline.set(_owed(journey.journey_id), owed, ex=OWED_SECONDS)
            pipeline.execute()

    def find(self, journey_id: str, cookie_value: str | None) -> Journey | None:
        """The live journey of this browser; None when it is over, or another browser's."""
        return _of_browser(self._get(journey_id), cookie_value)

    def find_with_progress(
        self, journey_id: str, cookie_value: str | None
    ) -> tuple[Journey | None, Progress]:
        """As ``find``, and what was proved in it (``LoginProgress.find``): one command, pages need both."""
        with fail_closed():
            live, proved = self._redis.mget(_live(journey_id), progress_key(journey_id))
        stored = orjson.loads(live) if isinstance(live, bytes) else None
        return _of_browser(stored, cookie_value), read_progress(proved, cookie_value or "")

    def find_request(self, journey_id: str) -> tuple[AuthorizationRequest, str] | None:
        """What a live journey was asked for and what it ``spends``, whoever's it is: enough to begin anew.

        Knowing a journey's address is worth as much as knowing the authorization request, and no more.
        """
        stored = self._get(journey_id)
        if stored is None:
            return None
        journey = Journey.from_plain(stored["journey"])
        return journey.request, journey.spends

    def find_owed(self, journey_id: str) -> Destination | None:
        """Where the answer of a journey belongs, for a day after it ran out."""
        with fail_closed():
            value = self._redis.get(_owed(journey_id))
        return Destination(**orjson.loads(value)) if isinstance(value, bytes) else None

    def record(self, journey_id: str, **changes: Any) -> Journey | None:
        """Write down what was done, as fields of Journey; the journey as it is then. None: it is over."""
        with fail_closed(), self._redis.pipeline() as pipeline:
            while True:
                try:
                    pipeline.watch(_live(journey_id))  # type: ignore[no-untyped-call]
                    value = pipeline.get(_live(journey_id))
                    if not isinstance(value, bytes):
                        return None
                    stored = orjson.loads(value)
                    journey = replace(Journey.from_plain(stored["journey"]), **changes)
                    pipeline.multi()
                    fresh = _record(journey, stored["cookie_hash"])
                    pipeline.set(_live(journey_id), fresh, keepttl=True, xx=True)
                    pipeline.execute()
                except redis.WatchError:
                    continue
                return journey

    def keep_answer(self, journey_id: str, cookie_value: str, answer: bytes) -> bytes:
        """The answer of this journey: the first that was kept, whichever of two clicks brought it.

        A browser that lost the first answer (double click, reload) gets the same again, so one journey
        never delivers two codes. Sealed under the cookie, so that Redis alone opens no code.
        """
        nonce = secrets.token_bytes(12)
        sealed = nonce + AESGCM(_answer_key(cookie_value)).encrypt(nonce, answer, journey_id.encode())
        with fail_closed():
            earlier = self._redis.set(_answer(journey_id), sealed, ex=ANSWER_SECONDS, nx=True, get=True)
            if earlier is None or earlier == sealed:
                # The journey has arrived: from here on there is only its answer to repeat.
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.set(_arrived(journey_id), b"1", ex=OWED_SECONDS)
                pipeline.delete(_live(journey_id))
                pipeline.execute()
                return answer
        opened = _open(journey_id, cookie_value, earlier) if isinstance(earlier, bytes) else None
        return opened or answer

    def find_answer(self, journey_id: str, cookie_value: str | None) -> bytes | None:
        """The answer again, for the browser whose journey it is."""
        if cookie_value is None:
            return None
        with fail_closed():
            sealed = self._redis.get(_answer(journey_id))
        return _open(journey_id, cookie_value, sealed) if isinstance(sealed, bytes) else None

    def has_arrived(self, journey_id: str) -> bool:
        """Whether an answer was given."""
        with fail_closed():
            return bool(self._redis.exists(_arrived(journey_id)))

    def _get(self, journey_id: str) -> dict[str, Any] | None:
        with fail_closed():
            value = self._redis.get(_live(journey_id))
        return orjson.loads(value) if isinstance(value, bytes) else None


def _of_browser(stored: dict[str, Any] | None, cookie_value: str | None) -> Journey | None:
    if stored is None or cookie_value is None:
        return None
    if not hmac.compare_digest(stored["cookie_hash"], _hash(cookie_value)):
        return None
    return Journey.from_plain(stored["journey"])


def _live(journey_id: str) -> str:
    return f"idp:journey:{journey_id}"


def _owed(journey_id: str) -> str:
    return f"idp:journey:{journey_id}:owed"


def _answer(journey_id: str) -> str:
    return f"idp:journey:{journey_id}:answer"


def _arrived(journey_id: str) -> str:
    return f"idp:journey:{journey_id}:arrived"


def _record(journey: Journey, cookie_hash: str) -> bytes:
    return orjson.dumps({"cookie_hash": cookie_hash, "journey": journey.plain()})


def _hash(cookie_value: str) -> str:
    return hashlib.sha256(cookie_value.encode(errors="surrogatepass")).hexdigest()


def _answer_key(cookie_value: str) -> bytes:
    return hashlib.sha256(b"answer of a journey\0" + cookie_value.encode(errors="surrogatepass")).digest()


def _open(journey_id: str, cookie_value: str, sealed: bytes) -> bytes | None:
    try:
        return AESGCM(_answer_key(cookie_value)).decrypt(sealed[:12], sealed[12:], journey_id.encode())
    except InvalidTag:
        return None
