"""Fetch from the few services that signing depends on: bounded in time, size and where it may go."""

import time
from collections.abc import Iterable
from types import TracebackType

import httpx

Origin = tuple[str, str, int]
_LOST = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_PORTS = {"http": 80, "https": 443}


class FetchFailed(Exception):
    """No usable answer came. The text is for the log."""


class Fetcher:
    """HTTP with kept connections, no redirects, and only to allowed origins (against SSRF). Thread-safe.

    ``allowed``: URLs whose scheme, host and port may be asked. URLs inside certificates and documents
    are written by others: without this list they would be a way into the inner network.
    """

    def __init__(self, allowed: Iterable[str], *, connections: int = 16) -> None:
        self._allowed = {_origin(url) for url in allowed}
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        # The environment's proxies must not decide where signatures go.
        self._http = httpx.Client(trust_env=False, follow_redirects=False, limits=limits)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def allows(self, url: str) -> bool:
        """May this URL be fetched?"""
        try:
            return _origin(url) in self._allowed
        except ValueError:
            return False

    def post(self, url: str, body: bytes, content_type: str, *, seconds: float, limit: int) -> bytes:
        """The answer's body, at most ``limit`` bytes, within ``seconds`` all told. Raises FetchFailed."""
        return self._fetch("POST", url, body, {"Content-Type": content_type}, seconds, limit)

    def get(self, url: str, *, seconds: float, limit: int) -> bytes:
        """The answer's body, as ``post``. Raises FetchFailed."""
        return self._fetch("GET", url, None, {}, seconds, limit)

    def _fetch(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], seconds: float, limit: int
    ) -> bytes:
        if not self.allows(url):
            raise FetchFailed(f"{url} is not on the list of allowed services")
        deadline = time.monotonic() + seconds
        try:
            return self._exchange(method, url, body, headers, deadline, limit)
        except _LOST as error:
            # A server may close a kept connection just when it is used again. What is asked here may be
            # asked twice.
            lost = error
        try:
            return self._exchange(method, url, body, headers, deadline, limit)
        except _LOST as error:
            raise FetchFailed(f"{url}: {type(error).__name__}: {error}") from lost

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], deadline: float, limit: int
    ) -> bytes:
        timeout = httpx.Timeout(max(0.001, deadline - time.monotonic()))
        try:
            with self._http.stream(method, url, content=body, headers=headers, timeout=timeout) as response:
                if response.status_code != httpx.codes.OK:
                    raise FetchFailed(f"{url} answered {response.status_code}")
                received = bytearray()
                for chunk in response.iter_bytes():
                    received += chunk
                    if len(received) > limit:
                        raise FetchFailed(f"{url} answered more than {limit} bytes")
                    # httpx limits each read alone; a trickle would pass.
                    if time.monotonic() > deadline:
                        raise FetchFailed(f"{url} took too long")
                return bytes(received)
        except _LOST:
            raise
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchFailed(f"{url}: {type(error).__name__}: {error}") from error


def _origin(url: str) -> Origin:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    if parsed.scheme not in _PORTS or not parsed.host:
        raise ValueError(f"not an HTTP URL: {url}")
    return (parsed.scheme, parsed.host, parsed.port or _PORTS[parsed.scheme])
