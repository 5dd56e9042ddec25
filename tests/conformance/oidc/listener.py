"""A relying party's own server, over TLS: what it serves, and what it heard."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.servers.tls_front import TlsFront, listen


@dataclass
class Heard:
    """A request that a relying party's server got."""

    method: str
    path: str
    body: bytes


class Listener:
    """A relying party's own server, over TLS: what it serves, and what it heard."""

    def __init__(self, folder: Path) -> None:
        self._served: dict[str, bytes] = {}
        self._heard: list[Heard] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = listener._served.get(self.path.split("?")[0])
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body or b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                listener._heard.append(Heard("POST", self.path, body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._front = TlsFront(folder, listen(), self._server.server_port)
        self.url, self.certificate = self._front.url, self._front.certificate

    def serve(self, path: str, content: Any) -> None:
        self._served[path] = json.dumps(content).encode()

    def wait_for(self, path: str, within: float = 15.0) -> Heard:
        until = time.monotonic() + within
        while time.monotonic() < until:
            for heard in self._heard:
                if heard.path == path:
                    return heard
            time.sleep(0.05)
        raise AssertionError(f"nobody asked for {path}; heard {[one.path for one in self._heard]}")

    def close(self) -> None:
        self._front.close()
        self._server.shutdown()
        self._server.server_close()
