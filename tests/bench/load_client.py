"""A load client that costs little: prepared HTTP/1.1 requests over kept connections, one thread, epoll.

Each connection has one request under way. What it costs itself is measured and reported.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True)
class Load:
    """``wall`` seconds, ``own_cpu`` seconds of this thread, milliseconds of the slowest percent."""

    requests: int
    wall: float
    own_cpu: float
    p50: float
    p99: float


def post(host: str, path: str, token: str, body: bytes) -> bytes:
    """A request as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.answer = b""

    def send(self, request: bytes) -> None:
        self.answer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Whether the answer is complete. Raises RuntimeError unless it is a 200."""
        self.answer += self.socket.recv(1 << 18)
        head, end, body = self.answer.partition(_END)
        if not end:
            return False
        at = head.lower().index(_LENGTH) + len(_LENGTH)
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(self.answer.decode(errors="replace")[:1500])
        return True


def drive(
    address: tuple[str, int],
    requests: Sequence[bytes],
    *,
    connections: int,
    bodies: list[bytes] | None = None,
) -> Load:
    """Send every request once. ``bodies``: gets what was answered, as it comes."""
    selector = selectors.EpollSelector()
    waiting: Iterator[bytes] = iter(requests)
    opened = [_Connection(address) for _ in range(connections)]
    took: list[float] = []
    own, began = time.thread_time(), time.perf_counter()
    for connection in opened:
        if (request := next(waiting, None)) is not None:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request)
    while len(took) < len(requests):
        for key, _ in selector.select(20) or _stuck():
            connection = key.data
            if not connection.receive():
                continue
            took.append(time.perf_counter() - connection.sent_at)
            if bodies is not None:
                bodies.append(connection.answer.partition(_END)[2])
            if (request := next(waiting, None)) is not None:
                connection.send(request)
    wall, own = time.perf_counter() - began, time.thread_time() - own
    for connection in opened:
        connection.socket.close()
    selector.close()
    took.sort()
    p50, p99 = (took[int(len(took) * part)] * 1000 for part in (0.5, 0.99))
    return Load(len(took), wall, own, p50, p99)


def _stuck() -> list[tuple[selectors.SelectorKey, int]]:
    raise RuntimeError("no answer for 20 seconds")
