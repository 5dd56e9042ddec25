"""Where events go: a file of JSON lines, or a syslog server over UDP, TCP or TLS.

``send`` may block for a while and raises OSError; only the feed's own thread calls it.
"""

import contextlib
import os
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from hsm.siem.event import Event

SECONDS = 5.0
_PORTS = {"syslog+udp": 514, "syslog+tcp": 601, "syslog+tls": 6514}


class Destination(Protocol):
    """``name`` is for metrics and logs."""

    name: str

    def send(self, events: Sequence[Event]) -> None: ...
    def close(self) -> None: ...


def open_destination(address: str) -> Destination:
    """``file:/path``, ``syslog+udp://host[:port]``, ``syslog+tcp://…`` or ``syslog+tls://…?ca=/path``.

    Raises ValueError for anything else. Nothing is opened or connected yet.
    """
    parts = urlsplit(address)
    if parts.scheme == "file" and parts.path:
        return FileDestination(Path(parts.path))
    if parts.scheme in _PORTS and parts.hostname:
        host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
        name = f"{parts.scheme}://{host}:{port}"
        if parts.scheme == "syslog+udp":
            return UdpDestination(name, host, port)
        if parts.scheme == "syslog+tcp":
            return TcpDestination(name, lambda: socket.create_connection((host, port), SECONDS))
        context = ssl.create_default_context(cafile=parse_qs(parts.query).get("ca", [None])[0])
        return TcpDestination(name, lambda: _tls(context, host, port))
    raise ValueError(f"not a destination of events: {address}")


class FileDestination:
    """JSON lines, appended. A file that was moved away (logrotate) is made anew."""

    def __init__(self, path: Path) -> None:
        self.name = f"file:{path}"
        self._path = path
        self._descriptor = -1

    def send(self, events: Sequence[Event]) -> None:
        if self._descriptor >= 0 and self._moved():
            self.close()
        if self._descriptor < 0:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o640)
        data = b"".join(event.json_line() for event in events)
        while data:
            data = data[os.write(self._descriptor, data) :]

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _moved(self) -> bool:
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return True
        opened = os.fstat(self._descriptor)
        return (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino)


class UdpDestination:
    """One datagram an event (RFC 5426). What the network loses is lost: use TCP where it matters."""

    def __init__(self, name: str, host: str, port: int) -> None:
        self.name = name
        self._address = (host, port)

    def send(self, events: Sequence[Event]) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as datagrams:
            for event in events:
                datagrams.sendto(event.syslog(os.getpid()), address)

    def close(self) -> None:
        """Nothing is kept open."""


class TcpDestination:
    """Octet-counted frames (RFC 6587 §3.4.1, RFC 5425), over a connection that is made when needed."""

    def __init__(self, name: str, connect: Callable[[], socket.socket]) -> None:
        self.name = name
        self._connect = connect
        self._socket: socket.socket | None = None

    def send(self, events: Sequence[Event]) -> None:
        # Syslog servers never speak. One that can be read from has hung up: what is written then is lost.
        if self._socket is not None and select.select([self._socket], [], [], 0)[0]:
            self.close()
        frames = [event.syslog(os.getpid()) for event in events]
        try:
            if self._socket is None:
                self._socket = self._connect()
            self._socket.sendall(b"".join(b"%d %s" % (len(frame), frame) for frame in frames))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None


def _tls(context: ssl.SSLContext, host: str, port: int) -> socket.socket:
    plain = socket.create_connection((host, port), SECONDS)
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise
