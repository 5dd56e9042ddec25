"""sector_identifier_uri: fetched through the guard, and it must list what uses it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from idp.errors import InvalidClientMetadata
from idp.outbound.client import OutboundClient
from idp.outbound.reach import Reach
from idp.protocol.client_metadata import BASELINE as BASELINE_PROFILE
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.registration.rules import check_metadata
from idp.registration.requested import check_sector
from tests.idp.provider import Provider
from tests.idp.registration.desk import initial_token, post, sound


class Sector(BaseHTTPRequestHandler):
    listed: object = []
    status = 200

    def do_GET(self) -> None:
        body = orjson.dumps(self.listed)
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def sector() -> Iterator[tuple[type[Sector], str]]:
    handler = type("OwnSector", (Sector,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}/sector.json"
    server.shutdown()
    server.server_close()
    thread.join()


MINE = ("https://a.example.gov.vn/cb", "https://b.example.gov.vn/cb")


def check(uri: str) -> None:
    fetch = OutboundClient(Reach(loopback=True), seconds=3)
    check_sector(ClientMetadata(redirect_uris=MINE, sector_identifier_uri=uri), fetch)


def test_a_sector_that_lists_all_is_taken(sector: tuple[type[Sector], str]) -> None:
    sector[0].listed = [*MINE, "https://c.example.gov.vn/cb"]
    check(sector[1])


@pytest.mark.parametrize("listed", [[], [MINE[0]], {"uris": list(MINE)}, "x", None, [1, 2]])
def test_anothers_sector_is_refused(sector: tuple[type[Sector], str], listed: object) -> None:
    """Whoever could join a sector without being listed would get its pairwise subs."""
    sector[0].listed = listed
    with pytest.raises(InvalidClientMetadata, match="lists every one"):
        check(sector[1])


def test_a_sector_that_does_not_answer_200_is_refused(sector: tuple[type[Sector], str]) -> None:
    sector[0].listed, sector[0].status = list(MINE), 404
    with pytest.raises(InvalidClientMetadata):
        check(sector[1])


@pytest.mark.parametrize(
    "uri",
    [
        "https://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/sector.json",
        "https://10.0.0.1/sector.json",
        "https://[::ffff:169.254.169.254]/",
        "http://rp.example.gov.vn/sector.json",
        "file:///etc/passwd",
    ],
)
def test_a_sector_does_not_make_the_provider_reach_inside(provider: Provider, uri: str) -> None:
    answer = post(provider, initial_token(provider), sound(sector_identifier_uri=uri))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")


def test_several_hosts_without_a_sector_need_an_agency(provider: Provider) -> None:
    body = sound(redirect_uris=list(MINE))
    assert post(provider, initial_token(provider, agency=""), body).status_code == 400
    assert post(provider, initial_token(provider), body).status_code == 201
    assert (
        post(provider, initial_token(provider, agency=""), body | {"subject_type": "public"}).status_code
        == 201
    )


def test_who_answers_nowhere_belongs_to_no_sector() -> None:
    """A device's client has no address that the sector could list, so any sector would have it."""
    metadata = ClientMetadata(
        profile=BASELINE_PROFILE,
        grant_types=("urn:ietf:params:oauth:grant-type:device_code",),
        response_types=(),
        token_endpoint_auth_method="private_key_jwt",
        sector_identifier_uri="https://another.example.gov.vn/sector.json",
    )
    with pytest.raises(InvalidClientMetadata, match="sector_identifier_uri"):
        check_metadata(metadata, keys=True)
