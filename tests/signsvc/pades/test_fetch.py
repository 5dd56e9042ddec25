"""What is fetched is bounded, and a kept connection that the server closed is no failure."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from signsvc.pades.fetch import Fetcher, FetchFailed

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"


class RudeServer:
    """Answers each connection's first request, and hangs up on the second one unread."""

    def __init__(self, answer: bytes, *, trickle: bool = False) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.connections = 0
        self._answer = answer
        self._trickle = trickle
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.recv(65536)
                self._send(connection)
                if self._answer is ANSWER:
                    connection.recv(65536)

    def _send(self, connection: socket.socket) -> None:
        if not self._trickle:
            connection.sendall(self._answer)
            return
        try:
            for byte in self._answer:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def rude() -> Iterator[RudeServer]:
    server = RudeServer(ANSWER)
    yield server
    server.close()


def test_a_kept_connection_that_was_closed_is_replaced(rude: RudeServer) -> None:
    with Fetcher([rude.url]) as fetcher:
        for _ in range(3):
            assert fetcher.post(rude.url, b"x", "text/plain", seconds=5, limit=10) == b"ok"
    assert rude.connections == 3


def test_a_trickle_ends_at_the_deadline() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = RudeServer(head + b"1\r\nx\r\n" * 100, trickle=True)
    try:
        with Fetcher([server.url]) as fetcher:
            began = time.monotonic()
            with pytest.raises(FetchFailed):
                fetcher.get(server.url, seconds=3, limit=1000)
            assert time.monotonic() - began < 6
    finally:
        server.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + bytes(11),
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut",
        b"nonsense\r\n\r\n",
    ],
    ids=["redirect", "error", "too much", "cut short", "not HTTP"],
)
def test_an_answer_that_is_not_what_was_asked_is_refused(answer: bytes) -> None:
    server = RudeServer(answer)
    try:
        with Fetcher([server.url]) as fetcher, pytest.raises(FetchFailed):
            fetcher.get(server.url, seconds=2, limit=10)
    finally:
        server.close()
