"""A relying party's back-channel logout endpoint is told on the laptop too."""

import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.testing.browser import Page
from idp.testing.provider import SampleProvider


@pytest.fixture
def listener() -> Iterator[tuple[str, "queue.Queue[str]"]]:
    """The relying party's endpoint, and the logout tokens that it was sent."""
    told: queue.Queue[str] = queue.Queue()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.put(parse_qs(form)["logout_token"][0])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/logout", told
    server.shutdown()
    thread.join()
    server.server_close()


def test_who_logs_out_is_logged_out_of_the_relying_party(
    redis_url: str, listener: tuple[str, "queue.Queue[str]"]
) -> None:
    address, told = listener
    with SampleProvider(redis_url=redis_url) as provider:
        client = provider.register(backchannel_logout_uri=address, scope="openid")
        redirect_uri = client.metadata["redirect_uris"][0]
        query = {"client_id": client.client_id, "response_type": "code", "scope": "openid", "state": "s" * 22,
                 "redirect_uri": redirect_uri, "code_challenge_method": "S256",
                 "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}  # fmt: skip
        browser = provider.browser()
        back = provider.log_in(
            f"{provider.issuer}/authorize?{urlencode(query)}", provider.person(), browser=browser
        )
        form = {"grant_type": "authorization_code", "code": parse_qs(urlsplit(back).query)["code"][0],
                "redirect_uri": redirect_uri,
                "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}  # fmt: skip
        answer = httpx.post(f"{provider.issuer}/token", data=form, trust_env=False,
                            auth=(client.client_id, client.client_secret))  # fmt: skip
        hint = answer.json()["id_token"]
        at = browser.open(f"{provider.issuer}/logout?{urlencode({'id_token_hint': hint})}")
        assert isinstance(at, Page)
        for each in at.forms:
            button = each.button("logout-confirm")
            if button is not None:
                browser.submit(at, each, button)
        browser.close()
        token = told.get(timeout=15)
        keys = KeySet.import_key_set(httpx.get(f"{provider.issuer}/jwks", trust_env=False).json())
        claims = jwt.decode(token, keys, algorithms=["RS256", "ES256"]).claims
    assert claims["aud"] in (client.client_id, [client.client_id])
    assert claims["iss"] == provider.issuer
    assert "http://schemas.openid.net/event/backchannel-logout" in claims["events"]
