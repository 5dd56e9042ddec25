"""What a person proved so far in one journey, and challenges that are answered once: Redis.

A journey's address gives nobody anything, so progress is bound to the browser by its own secret, of
which Redis has the SHA-256. Raises ReplayStoreUnavailable.
"""

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
import redis

from idp.login.proofs import Proof
from idp.store.fail_closed import fail_closed

PROGRESS_SECONDS = 15 * 60
CHALLENGE_SECONDS = 5 * 60
CHALLENGE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Progress:
    """``enrolling``: a TOTP secret that was shown and not yet proved. ``upstream``: who vouched.

    ``invitation``: the handle of an administrator's invitation that this browser opened.
    """

    person_id: str = ""
    proofs: tuple[Proof, ...] = ()
    upstream: str = ""
    identity_level: str = ""
    mandate_id: str = ""
    kiosk: bool = False
    enrolling: str = ""
    invitation: str = ""

    def with_proof(self, person_id: str, proof: Proof) -> "Progress":
        """One more. Another person's earlier proofs count for nothing."""
        if person_id != self.person_id:
            return Progress(
                person_id=person_id, proofs=(proof,), kiosk=self.kiosk, invitation=self.invitation
            )
        return replace(self, proofs=(*self.proofs, proof))


class LoginProgress:
    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def find(self, journey_id: str, cookie_value: str) -> Progress:
        """Nothing proved, when there is nothing or the browser is another."""
        with fail_closed():
            value = self._redis.get(progress_key(journey_id))
        return read_progress(value, cookie_value)

    def save(self, journey_id: str, cookie_value: str, progress: Progress) -> None:
        record: dict[str, Any] = {**asdict(progress), "cookie": _hash(cookie_value)}
        with fail_closed():
            self._redis.set(progress_key(journey_id), orjson.dumps(record), ex=PROGRESS_SECONDS)

    def forget(self, journey_id: str) -> None:
        with fail_closed():
            self._redis.delete(progress_key(journey_id))

    def new_challenge(self, purpose: str) -> bytes:
        """For one ceremony; ``purpose`` names whose, and a later one takes its place."""
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        with fail_closed():
            self._redis.set(f"idp:challenge:{purpose}", challenge, ex=CHALLENGE_SECONDS)
        return challenge

    def take_challenge(self, purpose: str) -> bytes | None:
        """Once."""
        with fail_closed():
            value = self._redis.getdel(f"idp:challenge:{purpose}")
        return value if isinstance(value, bytes) else None


def progress_key(journey_id: str) -> str:
    """Where Redis has it."""
    return f"idp:login:progress:{journey_id}"


def read_progress(value: object, cookie_value: str) -> Progress:
    """Of what Redis had there: nothing proved, when there is nothing or the browser is another."""
    if not isinstance(value, bytes):
        return Progress()
    stored = orjson.loads(value)
    if not hmac.compare_digest(stored.pop("cookie"), _hash(cookie_value)):
        return Progress()
    stored["proofs"] = tuple(Proof(**proof) for proof in stored["proofs"])
    return Progress(**stored)


def _hash(cookie_value: str) -> str:
    return hashlib.sha256(cookie_value.encode(errors="surrogatepass")).hexdigest()
