"""What the identity provider publishes: its endpoints and keys, fetched when first needed, kept a while."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
from joserfc.jwk import KeySet

from desk.errors import ProviderUnavailable

KEEP_SECONDS = 300.0
# An unknown kid is looked up at once, but not by every request of an attacker.
AGAIN_SECONDS = 10.0
ENDPOINTS = (
    "authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint", "jwks_uri",
    "end_session_endpoint",
)  # fmt: skip


class Metadata:
    """Thread-safe. Every method raises ProviderUnavailable."""

    def __init__(
        self, http: Callable[[], httpx.Client], issuer: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._document: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    def endpoint(self, name: str) -> str:
        """One of ``ENDPOINTS``."""
        with self._lock:
            if not self._document:
                self._document = self._read_document()
            return str(self._document[name])

    def keys(self, kid: str) -> KeySet:
        """The published keys; fetched anew when ``kid`` is not among those that are kept."""
        location = self.endpoint("jwks_uri")
        with self._lock:
            age = self._monotonic() - self._keys_at
            known = self._keys is not None and any(key.kid == kid for key in self._keys.keys)
            if self._keys is None or age > KEEP_SECONDS or (not known and age > AGAIN_SECONDS):
                self._keys = KeySet.import_key_set(self._get(location))
                self._keys_at = self._monotonic()
            return self._keys

    def _read_document(self) -> dict[str, Any]:
        document: dict[str, Any] = self._get(f"{self._issuer}/.well-known/openid-configuration")
        # OpenID Connect Discovery §4.3: another issuer's endpoints must not be used (mix-up).
        if document.get("issuer") != self._issuer:
            raise ProviderUnavailable("the metadata is another issuer's")
        missing = [name for name in ENDPOINTS if not isinstance(document.get(name), str)]
        if missing:
            raise ProviderUnavailable(f"the metadata lacks {missing[0]}")
        return document

    def _get(self, url: str) -> Any:
        try:
            answer = self._http().get(url)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderUnavailable(f"metadata: {type(error).__name__}") from error
