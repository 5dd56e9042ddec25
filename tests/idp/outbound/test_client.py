"""Requests out, against real servers on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from idp.errors import OutboundFailed, OutboundRefused
from idp.outbound.client import OutboundClient
from idp.outbound.reach import Reach

Serve = Callable[[Callable[[BaseHTTPRequestHandler], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[BaseHTTPRequestHandler], None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            do_POST = do_GET  # noqa: N815 -- http.server's name

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def client(**settings: float) -> OutboundClient:
    return OutboundClient(Reach(loopback=True), **settings)  # type: ignore[arg-type]


def test_a_form_arrives_as_sent(serve: Serve) -> None:
    seen: list[tuple[str, str, bytes]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        seen.append((handler.path, handler.headers["Content-Type"], body))
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain")
        handler.end_headers()
        handler.wfile.write(b"ok")

    got = client().post_form(f"{serve(answer)}/logout?x=1", {"logout_token": "a.b.c"})
    assert (got.status, got.content_type, got.body) == (200, "text/plain", b"ok")
    assert seen == [("/logout?x=1", "application/x-www-form-urlencoded", b"logout_token=a.b.c")]


def test_a_redirect_is_an_answer_and_is_not_followed(serve: Serve) -> None:
    visited: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        visited.append(handler.path)
        handler.send_response(302)
        handler.send_header("Location", "http://127.0.0.1:1/inner")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    assert client().get(f"{serve(answer)}/a").status == 302
    assert visited == ["/a"]


def test_an_endless_answer_is_cut_off(serve: Serve) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 8192)
        except OSError:
            return

    with pytest.raises(OutboundFailed) as failed:
        client(max_bytes=100_000).get(serve(answer))
    assert failed.value.detail == "too_large"


def test_a_server_that_drips_does_not_hold_the_worker(serve: Serve) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(200):
                handler.wfile.write(b"HTTP/1.1 200 OK\r\n"[:1])
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    started = time.monotonic()
    with pytest.raises(OutboundFailed):
        client(seconds=0.4).get(serve(answer))
    assert time.monotonic() - started < 3


def test_a_server_that_is_silent_times_out(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OutboundFailed) as failed:
        client(seconds=0.3).get(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert failed.value.detail == "timeout"


def test_a_closed_port_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OutboundFailed) as failed:
        client().get(f"http://127.0.0.1:{port}/")
    assert failed.value.detail == "connect"


def test_a_name_that_answers_with_an_inner_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: what counts is the address that is connected to, whatever the name said before."""
    answers = iter([["203.0.114.9"], ["203.0.114.9", "127.0.0.1"]])

    def resolve(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        found = next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    reached: list[str] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        reached.append(address[0])
        raise OSError("no way out in tests")

    monkeypatch.setattr(socket, "create_connection", connect)
    outside = OutboundClient(Reach())
    with pytest.raises(OutboundFailed):
        outside.get("https://rp.example.gov.vn/")
    with pytest.raises(OutboundRefused):
        outside.get("https://rp.example.gov.vn/")
    assert reached == ["203.0.114.9"]


def test_a_certificate_nobody_vouches_for_is_refused(serve: Serve) -> None:
    plain = serve(lambda handler: None).removeprefix("http")
    with pytest.raises(OutboundFailed) as failed:
        client(seconds=2).get(f"https{plain}/")
    assert failed.value.detail in ("tls", "timeout", "protocol")
