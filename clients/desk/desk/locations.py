"""Services that are named by their public address and answer on an inner network.

Tokens, DPoP proofs and metadata name the public address, so every part of the desk speaks of that alone;
only the connection goes elsewhere.
"""

import httpx


class AtLocation(httpx.BaseTransport):
    """Takes requests for a service to where it answers. ``Host`` stays the public name."""

    def __init__(self, location: str, transport: httpx.BaseTransport) -> None:
        self._location = httpx.URL(location)
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(
            scheme=self._location.scheme, host=self._location.host, port=self._location.port
        )
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


def new_http_client(locations: dict[str, str], *, timeout: float) -> httpx.Client:
    """``locations``: by public address where it answers; "" is there itself. No proxy, no redirect."""
    return httpx.Client(
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
        mounts={
            public: AtLocation(location, httpx.HTTPTransport(trust_env=False))
            for public, location in locations.items()
            if location
        },
    )
