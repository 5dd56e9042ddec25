"""The identity provider's public keys: fetched, kept for a while, fetched once more for an unknown kid."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from signsvc.errors import IssuerUnavailable

MAX_JWKS = 256 * 1024
# An unknown kid, or a provider that does not answer, may cost one fetch in this time, however many
# callers there are.
REFRESH_EVERY = 10.0
# While the provider is away its last keys stand for so long; a withdrawn key no longer than that.
STALE = 3600.0
MIN_RSA_BITS = 2048
_KID = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A key and the one algorithm it verifies."""

    key: Key
    algorithm: str


class IssuerKeys:
    """Thread-safe. ``http`` is asked when first needed."""

    def __init__(
        self, http: Callable[[], httpx.Client], url: str, *, ttl: float, monotonic: Callable[[], float]
    ) -> None:
        self._http = http
        self._url = url
        self._ttl = ttl
        self._monotonic = monotonic
        self._lock = Lock()
        self._keys: dict[str, IssuerKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def find_key(self, kid: str) -> IssuerKey | None:
        """The key of this name. Raises IssuerUnavailable when no keys can be had at all."""
        if not _KID.fullmatch(kid):
            return None
        now = self._monotonic()
        age = now - self._fetched_at if self._fetched_at is not None else float("inf")
        known = self._keys.get(kid)
        if known is not None and age < self._ttl:
            return known
        # Only one caller waits for the provider while the last keys still stand.
        stands = known is not None and age <= STALE
        if not self._lock.acquire(blocking=not stands):
            return known
        try:
            if not (self._fetched_at is not None and self._fetched_at >= now):
                self._refresh(now)
            if self._fetched_at is None or now - self._fetched_at > STALE:
                raise IssuerUnavailable(detail="no keys")
            return self._keys.get(kid)
        finally:
            self._lock.release()

    def available(self) -> bool:
        """Whether tokens can be verified now."""
        try:
            self.find_key("-")
        except IssuerUnavailable:
            return False
        return True

    def _refresh(self, now: float) -> None:
        stands = self._fetched_at is not None and now - self._fetched_at <= STALE
        wait = REFRESH_EVERY if stands else 1.0
        if self._tried_at is not None and now - self._tried_at < wait:
            return
        try:
            self._keys = self._fetch()
            self._fetched_at = now
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            if self._fetched_at is None:
                raise IssuerUnavailable(detail=f"{type(error).__name__}: {self._url}") from error
        finally:
            # When it ended, not when it began: an answer may take as long as we are patient.
            self._tried_at = self._monotonic()

    def _fetch(self) -> dict[str, IssuerKey]:
        with self._http().stream("GET", self._url, headers={"Accept": "application/json"}) as answer:
            answer.raise_for_status()
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MAX_JWKS:
                    raise ValueError("the JWK set is too large")
        keys = orjson.loads(body)["keys"]
        return {jwk["kid"]: key for jwk in keys if (key := _usable(jwk)) is not None}


def _usable(jwk: dict[str, Any]) -> IssuerKey | None:
    """A signature key we verify with, or None for any other."""
    algorithm = jwk.get("alg")
    if jwk.get("use", "sig") != "sig" or not isinstance(jwk.get("kid"), str):
        return None
    try:
        if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256" and algorithm == "ES256":
            return IssuerKey(ECKey.import_key(jwk), "ES256")
        if jwk.get("kty") == "RSA" and algorithm in ("RS256", "PS256"):
            key = RSAKey.import_key(jwk)
            return IssuerKey(key, algorithm) if key.public_key.key_size >= MIN_RSA_BITS else None
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return None
