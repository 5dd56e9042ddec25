"""One request out: no redirect followed, no proxy, no cookie, few bytes read, one deadline for all of it."""

import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpcore

from idp.errors import OutboundFailed
from idp.outbound.guarded_network import GuardedNetwork
from idp.outbound.reach import Reach

_USER_AGENT = b"an-tin-idp"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most ``max_bytes`` of the body."""

    status: int
    content_type: str
    body: bytes


class OutboundClient:
    """Thread-safe. ``ca_file``: PEM of the authorities to trust besides the system's.

    ``aside``: entered while an answer is waited for, so that others get on; never within a transaction.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        ca_file: Path | None = None,
        seconds: float = 10.0,
        max_bytes: int = 65536,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._reach = reach
        self._aside = aside
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    def get(self, url: str, *, accept: str = "application/json") -> Answer:
        """Raises OutboundRefused (nothing was sent) or OutboundFailed; ``detail`` has one word."""
        return self._request("GET", url, {"Accept": accept}, b"")

    def post_form(self, url: str, fields: Mapping[str, str]) -> Answer:
        """As ``get``; fields as ``application/x-www-form-urlencoded``."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return self._request("POST", url, headers, urlencode(fields).encode())

    def post(self, url: str, content: bytes, *, content_type: str, accept: str) -> Answer:
        """As ``get``, with a body of our own making."""
        return self._request("POST", url, {"Content-Type": content_type, "Accept": accept}, content)

    def _request(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        self._reach.check_url(url)
        network = GuardedNetwork(self._reach, time.monotonic() + self._seconds)
        # Without Host, httpcore's own connections would not speak HTTP/1.1; it adds it from the URL.
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        sent += [(b"User-Agent", _USER_AGENT), (b"Connection", b"close")]
        try:
            with (
                self._aside(),
                httpcore.ConnectionPool(ssl_context=self._tls, network_backend=network) as pool,
                pool.stream(method, url, headers=sent, content=content) as response,
            ):
                return self._read(response)
        except httpcore.TimeoutException as error:
            raise OutboundFailed(detail="timeout") from error
        except httpcore.ConnectError as error:
            raise OutboundFailed(detail=_connect_word(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise OutboundFailed(detail="protocol") from error

    def _read(self, response: httpcore.Response) -> Answer:
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > self._max_bytes:
                raise OutboundFailed(detail="too_large")
        content_type = next(
            (value for name, value in response.headers if name.lower() == b"content-type"), b""
        )
        return Answer(response.status, content_type.decode("latin-1"), bytes(body))


def _connect_word(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    return "connect"
