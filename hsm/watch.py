"""/healthz, /readyz and /metrics of the key process, on an address of their own."""

import threading
from collections.abc import Callable, Iterable
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from prometheus_client import make_wsgi_app


class _Quiet(WSGIRequestHandler):
    timeout = 5

    def log_message(self, *args: object) -> None:
        """Probes are not news."""


class Watch:
    """A small HTTP server for probes. ``ready`` names each dependency and whether it answers."""

    def __init__(self, address: str, ready: Callable[[], dict[str, bool]]) -> None:
        host, _, port = address.rpartition(":")
        self._ready = ready
        self._metrics = make_wsgi_app()
        self._server: WSGIServer = make_server(host, int(port), self._answer, handler_class=_Quiet)
        threading.Thread(target=self._server.serve_forever, name="watch", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match environ.get("PATH_INFO"):
            case "/metrics":
                answer: Iterable[bytes] = self._metrics(environ, start_response)
                return answer
            case "/healthz":
                return _json(start_response, "200 OK", {"status": "ok"})
            case "/readyz":
                checks = self._ready()
                status = "200 OK" if all(checks.values()) else "503 Service Unavailable"
                return _json(start_response, status, {"ready": all(checks.values()), "checks": checks})
            case _:
                return _json(start_response, "404 Not Found", {"status": "not found"})


def _json(start_response: StartResponse, status: str, body: dict[str, object]) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [orjson.dumps(body)]
