"""The simulators of the national systems over HTTP, in this process: ``upstreams`` for a whole run."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from upstreams.app import create_app
from werkzeug.serving import make_server

CLIENT, SECRET = "an-tin-mau", "bi-mat-MAU"


class RunningUpstreams:
    """``file``: for ``IDP_UPSTREAMS_FILE``."""

    def __init__(self, folder: Path) -> None:
        self._server = make_server("localhost", 0, lambda *_: [b""], threaded=True)
        self.base_url = f"http://localhost:{self._server.port}"
        self._server.app = create_app(self.base_url, CLIENT, SECRET, misbehave=True)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        (folder / "secret").write_text(SECRET)
        self.file = folder / "upstreams.toml"
        self.file.write_text(configuration(self.base_url, CLIENT, "secret"))

    def misbehave(self, fault: str) -> None:
        httpx.put(f"{self.base_url}/misbehave", json={"fault": fault}, timeout=15).raise_for_status()

    def behave(self) -> None:
        httpx.delete(f"{self.base_url}/misbehave", timeout=15).raise_for_status()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def configuration(base: str, client: str, secret_file: str) -> str:
    """Both simulators, as a deployment's own file."""
    return f"""
[npsp]
client_id = "{client}"
client_secret_file = "{secret_file}"
issuer = "{base}/npsp"
end_session_endpoint = "{base}/npsp/oidc/logout"
authorization_endpoint = "{base}/npsp/oauth2/authorize"
token_endpoint = "{base}/npsp/oauth2/token"
userinfo_endpoint = "{base}/npsp/oauth2/userinfo"
jwks_uri = "{base}/npsp/oauth2/jwks"

[vneid]
client_id = "{client}"
client_secret_file = "{secret_file}"
issuer = "{base}/vneid"
end_session_endpoint = "{base}/vneid/oidc/logout"
authorization_endpoint = "{base}/vneid/auth"
token_endpoint = "{base}/vneid/token"
userinfo_endpoint = "{base}/vneid/api/idp/third-party/view-info"
"""


@pytest.fixture(scope="session")
def shared_upstreams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningUpstreams]:
    running = RunningUpstreams(tmp_path_factory.mktemp("upstreams"))
    yield running
    running.stop()


@pytest.fixture
def upstreams(shared_upstreams: RunningUpstreams) -> Iterator[RunningUpstreams]:
    """The shared ones, well-behaved again afterwards."""
    yield shared_upstreams
    shared_upstreams.behave()
