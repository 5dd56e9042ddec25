"""Keys that a client publishes at its jwks_uri: fetched, kept, fetched again for an unknown kid."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from idp.errors import InvalidClient, OutboundError
from idp.outbound.client import OutboundClient
from idp.protocol.client import Client
from idp.protocol.client_jwks import ClientJwks, read_client_jwks
from idp.protocol.compact_jws import VerifyingKey
from idp.protocol.strict_json import parse_strict_object

KEPT_SECONDS = 300
# An unknown kid asks again at most this often: strangers must not make us call a client in a loop.
AGAIN_SECONDS = 10
MAX_KEPT = 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    fetched_at: float
    jwks: ClientJwks


class ClientKeys:
    """Thread-safe, one a worker. A client with keys of its own registration is never fetched for."""

    def __init__(self, outbound: OutboundClient, monotonic: Callable[[], float]) -> None:
        self._outbound = outbound
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def with_key(self, client: Client, kid: object) -> Client:
        """The client with its published keys; looked up anew when ``kid`` is not among them.

        Raises InvalidClient when nothing can be fetched and nothing was before.
        """
        uri = client.metadata.jwks_uri
        if not uri or client.keys:
            return client
        kept = self._get(uri)
        unknown = isinstance(kid, str) and kid not in kept.jwks.verifying
        if unknown and self._monotonic() - kept.fetched_at >= AGAIN_SECONDS:
            kept = self._fetch(uri, kept)
        return replace(client, keys=kept.jwks.verifying, encryption_keys=kept.jwks.encrypting)

    def all_keys(self, client: Client) -> list[VerifyingKey]:
        return list(self.with_key(client, None).keys.values())

    def encryption_keys(self, client: Client) -> Mapping[str, Mapping[str, Any]]:
        return self.with_key(client, None).encryption_keys

    def _get(self, uri: str) -> _Kept:
        kept = self._kept.get(uri)
        if kept is None or self._monotonic() - kept.fetched_at >= KEPT_SECONDS:
            kept = self._fetch(uri, kept)
        return kept

    def _fetch(self, uri: str, before: _Kept | None) -> _Kept:
        moment = self._monotonic()
        try:
            answer = self._outbound.get(uri)
            if answer.status != 200:
                raise ValueError("status")
            listed = parse_strict_object(answer.body).get("keys")
            if not isinstance(listed, list) or not all(isinstance(jwk, dict) for jwk in listed):
                raise ValueError("keys")
            fresh = _Kept(moment, read_client_jwks(listed, lenient=True))
        except (OutboundError, ValueError) as error:
            if before is None:
                detail = error.detail if isinstance(error, OutboundError) else "content"
                raise InvalidClient(
                    "The keys at the client's jwks_uri cannot be read.", detail=f"jwks_uri: {detail}"
                ) from error
            # The last known keys still serve; asked again after the pause.
            fresh = _Kept(moment, before.jwks)
        with self._lock:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[uri] = fresh
        return fresh
