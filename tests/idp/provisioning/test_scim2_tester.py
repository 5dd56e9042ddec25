"""scim2-tester, a foreign SCIM client, against this service over HTTP."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server
from werkzeug.serving import make_server

from tests.idp.provider import Provider
from tests.idp.provisioning.personnel import organisation
from tests.idp.software_keys import SoftwareKeys


class OverHttp(BaseSyncSCIMClient):
    """scim2-client's own engine wants httpx2; all it needs of one is this."""

    def __init__(self, http: httpx.Client) -> None:
        super().__init__()
        self.http = http

    def _stays_under_base_url(self, endpoint: str) -> bool:
        url = self.http.build_request("GET", endpoint).url
        return str(url).startswith(str(self.http.base_url))

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **options: Any) -> Any:
        return self.http.request(method, url, **options)


@pytest.fixture
def served(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Iterator[Provider]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    provider = Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target, issuer=issuer)
    server = make_server("127.0.0.1", port, provider.app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()


def test_scim2_tester_finds_nothing_wrong_with_users_and_discovery(served: Provider) -> None:
    """Groups are left out of its random creations: an agency code cannot be invented."""
    resource = f"{served.settings.issuer}/scim/v2"
    system = served.register(scopes=("scim", "scim.province"), resources=(resource,))
    assertion = system.assertion(aud=served.settings.issuer)
    token = served.issue(system, client_assertion=assertion, resource=resource)
    organisation(served, "H47", "Tỉnh MẪU")
    with httpx.Client(base_url=resource, headers={"Authorization": f"Bearer {token}"}) as http:
        results = check_server(OverHttp(http), resource_types=["User"])
    wrong = [
        f"{each.title}: {each.reason}"
        for each in results
        if each.status not in (Status.SUCCESS, Status.SKIPPED, Status.COMPLIANT, Status.ACCEPTABLE)
    ]
    # A person is always active or not: to remove the attribute leaves what the directory knows.
    assert [each for each in wrong if not re.search(r"'active'", each)] == []
    assert sum(each.status == Status.SUCCESS for each in results) > 50
