"""Where the evidence goes besides the database: a file of JSON lines, or a syslog server."""

import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from idp.evidence.siem_lines import json_line, syslog_message

SECONDS = 5.0
_PORTS = {"syslog+udp": 514, "syslog+tcp": 601, "syslog+tls": 6514}


class Destination(Protocol):
    """``name`` says which it is, without anything secret. ``send`` raises OSError; then it is sent again."""

    name: str

    def send(self, lines: Sequence[dict[str, Any]]) -> None: ...


def open_destination(address: str) -> Destination:
    """``file:/path``, ``syslog+udp://host[:port]``, ``syslog+tcp://…``, ``syslog+tls://…?ca=/path``.

    Raises ValueError for anything else. Nothing is opened yet.
    """
    parts = urlsplit(address)
    if parts.scheme == "file" and parts.path:
        return _File(Path(parts.path))
    if parts.scheme in _PORTS and parts.hostname:
        ca = parse_qs(parts.query).get("ca", [None])[0]
        return _Syslog(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], ca)
    raise ValueError(f"not a destination of evidence: {address}")


class _File:
    def __init__(self, path: Path) -> None:
        self.name = f"file:{path}"
        self._path = path

    def send(self, lines: Sequence[dict[str, Any]]) -> None:
        # Opened each time, so a file that logrotate moved away is made anew.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        with os.fdopen(descriptor, "ab") as file:
            file.write(b"".join(json_line(line) for line in lines))
            file.flush()
            os.fsync(descriptor)


class _Syslog:
    """UDP one datagram a line (RFC 5426), TCP and TLS in octet-counted frames (RFC 6587 §3.4.1, RFC 5425)."""

    def __init__(self, scheme: str, host: str, port: int, ca: str | None) -> None:
        self.name = f"{scheme}://{host}:{port}"
        self._scheme, self._address, self._ca = scheme, (host, port), ca

    def send(self, lines: Sequence[dict[str, Any]]) -> None:
        messages = [syslog_message(line, socket.gethostname(), os.getpid()) for line in lines]
        if self._scheme == "syslog+udp":
            family, kind, protocol, _, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, kind, protocol) as datagrams:
                for message in messages:
                    datagrams.sendto(message, address)
            return
        with self._connected() as stream:
            stream.sendall(b"".join(b"%d %s" % (len(message), message) for message in messages))
            # Say that this is all and wait for the other side to close, so that a reset is noticed. One that
            # does not close has read it, as far as can be told.
            stream.shutdown(socket.SHUT_WR)
            with suppress(TimeoutError):
                while stream.recv(4096):
                    pass

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        with closing(socket.create_connection(self._address, SECONDS)) as plain:
            if self._scheme == "syslog+tcp":
                yield plain
                return
            context = ssl.create_default_context(cafile=self._ca)
            with context.wrap_socket(plain, server_hostname=self._address[0]) as secured:
                yield secured
