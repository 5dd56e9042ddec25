"""The real thing: ``python -m idp serve`` with two workers, spoken to over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from antin.keys import new_key
from antin.oauth import TokenSource, signing_details
from antin.retry import Retry
from joserfc.jwk import ECKey

from tests.idp.provider import ASSERTION_TYPE, SIGNING, Provider, System, parts
from tests.idp.software_keys import SoftwareKeys

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 30.0


@pytest.fixture
def served(provider: Provider, shared_keys: SoftwareKeys, tmp_path: Path) -> Iterator[str]:
    """The issuer of a running provider that shares the database of ``provider``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "IDP_ISSUER": base,
        "IDP_DATABASE_URL": provider.settings.database_url,
        "IDP_REDIS_URL": provider.settings.redis_url,
        "IDP_KEY_PROCESS": shared_keys.target,
        "IDP_PORT": str(port),
        "IDP_WORKERS": "2",
    }
    with (tmp_path / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "idp", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            until = time.monotonic() + STARTS_WITHIN
            while not answers(base):
                if process.poll() is not None or time.monotonic() > until:
                    pytest.fail((tmp_path / "serve.log").read_text(errors="replace")[-3000:])
                time.sleep(0.1)
            yield base
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def wall_clock() -> datetime:
    return datetime.now(UTC)


def at_wall_time(system: System) -> System:
    system.clock = wall_clock  # type: ignore[assignment]
    return system


def test_systems_get_tokens_over_http_from_every_worker(
    served: str, provider: Provider, tmp_path: Path
) -> None:
    system = at_wall_time(provider.register())

    def ask(assertion: str) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return httpx.post(f"{served}/token", data=form, timeout=10)

    with ThreadPoolExecutor(8) as pool:
        issued = list(pool.map(ask, [system.assertion(aud=served) for _ in range(40)]))
        replayed = sorted(answer.status_code for answer in pool.map(ask, [system.assertion(aud=served)] * 20))
    assert {answer.status_code for answer in issued} == {200}
    assert len({parts(answer.json()["access_token"])[1]["jti"] for answer in issued}) == 40
    # Two workers with four threads each: still exactly one wins.
    assert replayed == [200] + [401] * 19
    # Whichever worker answers, the numbers are those of both.
    for _ in range(6):
        metrics = httpx.get(f"{served}/metrics").text
        assert 'idp_tokens_issued_total{grant_type="client_credentials"} 41.0' in metrics
    logged = (tmp_path / "serve.log").read_text()
    assert logged.count('"endpoint":"/token"') == 60
    assert not any(answer.json()["access_token"] in logged for answer in issued)


def test_the_sdk_gets_a_token_bound_to_one_file(served: str, provider: Provider) -> None:
    """The client that systems use, from discovery to the token, as they would."""
    key = new_key()
    provider.register("one-stop", key=ECKey.import_key(key.public_jwk()), kid=key.key_id)
    with httpx.Client() as http:
        source = TokenSource(http, Retry(), issuer=served, client_id="one-stop", key=key, clock=wall_clock)
        wanted = signing_details("cred-1", bytes(range(32)), "Quyết định MẪU")
        token = source.token("sign", SIGNING, wanted)
    claims = parts(token.value)[1]
    assert claims["authorization_details"] == wanted
    assert (claims["iss"], claims["aud"], claims["client_id"]) == (served, SIGNING, "one-stop")
