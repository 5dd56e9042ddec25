"""A load client for conversations: each flow asks, is answered, asks again; one thread, many flows at once.

What a flow asks next may depend on what was answered, as a browser's next page does. Requests and answers are
bytes of HTTP/1.1 over kept connections; what the client itself costs is measured.
"""

import selectors
import socket
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import islice

Flow = Generator[bytes, bytes, None]

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True)
class Ran:
    """``took``: seconds of each request, in order of their ends. ``own_cpu``: of this thread."""

    flows: int
    wall: float
    own_cpu: float
    took: tuple[float, ...]

    @property
    def rate(self) -> float:
        return self.flows / self.wall


class _Connection:
    def __init__(self, address: tuple[str, int], flow: Flow) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begin(flow)

    def begin(self, flow: Flow) -> None:
        self.flow = flow
        self._send(next(flow))

    def receive(self) -> float | None:
        """Seconds of a request whose answer is now complete."""
        self._answer += self.socket.recv(1 << 18)
        head, end, body = self._answer.partition(_END)
        if not end:
            return None
        at = head.lower().find(_LENGTH) + len(_LENGTH)
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return None
        return time.perf_counter() - self._sent_at

    def go_on(self) -> bool:
        """Give the flow its answer; whether it asked again."""
        try:
            self._send(self.flow.send(self._answer))
        except StopIteration:
            return False
        return True

    def _send(self, request: bytes) -> None:
        self._answer = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(request)


def run(address: tuple[str, int], flows: Iterable[Flow], *, connections: int, ramp: float = 0) -> Ran:
    """Every flow once, ``connections`` of them at a time. A flow raises on an answer that it did not want.

    ``ramp``: seconds in which the first ones come, one after the other.
    """
    selector = selectors.EpollSelector()
    waiting, opened = iter(flows), []
    took: list[float] = []
    done = 0
    own, began = time.thread_time(), time.perf_counter()
    first, active = islice(waiting, connections), 0
    coming = True
    while active or coming:
        if coming and time.perf_counter() >= began + ramp * len(opened) / connections:
            flow = next(first, None)
            coming = flow is not None
            if flow is not None:
                connection = _Connection(address, flow)
                opened.append(connection)
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                active += 1
        found = selector.select(ramp / connections if coming else 60)
        if not found and not coming:
            raise RuntimeError("no answer for 60 seconds")
        for key, _ in found:
            connection = key.data
            seconds = connection.receive()
            if seconds is None:
                continue
            took.append(seconds)
            if connection.go_on():
                continue
            done += 1
            following = next(waiting, None)
            if following is None:
                selector.unregister(connection.socket)
                active -= 1
            else:
                connection.begin(following)
    wall, own = time.perf_counter() - began, time.thread_time() - own
    for connection in opened:
        connection.socket.close()
    selector.close()
    return Ran(done, wall, own, tuple(took))
