"""A service that is named by its public address and answers on an inner network."""

import threading
from collections.abc import Iterator

import httpx
import pytest
from desk.locations import new_http_client
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

PUBLIC = "https://ky-so.mau.invalid:8442"


@pytest.fixture(scope="module")
def inner() -> Iterator[str]:
    """A service that tells how it was asked."""
    app = Flask("inner")

    @app.get("/<path:path>")
    def told(path: str) -> object:
        return jsonify(path=path, host=request.headers["Host"], words=request.args.get("q"))

    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def test_the_connection_goes_to_the_location_and_the_name_stays(inner: str) -> None:
    with new_http_client({PUBLIC: inner}, timeout=20) as http:
        told = http.get(f"{PUBLIC}/v1/documents", params={"q": "một cửa"}).json()
    assert told == {"path": "v1/documents", "host": "ky-so.mau.invalid:8442", "words": "một cửa"}


def test_another_address_is_not_taken_there(inner: str) -> None:
    with new_http_client({PUBLIC: inner}, timeout=20) as http:
        for other in ("https://ky-so.mau.invalid:8441", "http://ky-so.mau.invalid:8442"):
            with pytest.raises(httpx.ConnectError):
                http.get(f"{other}/v1/documents")


def test_without_a_location_a_service_is_where_its_address_says(inner: str) -> None:
    with new_http_client({inner: ""}, timeout=20) as http:
        assert http.get(f"{inner}/jwks").json()["path"] == "jwks"
