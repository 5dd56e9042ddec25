"""A national system that takes calls and says nothing is nobody else's matter."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.idp.people import Browser
from tests.idp.provider import Provider
from tests.idp.silence import Silence
from tests.idp.software_keys import SoftwareKeys
from tests.servers.upstreams import RunningUpstreams


def test_an_upstream_that_says_nothing_keeps_nobody_else_waiting(
    tmp_path: Path,
    redis_url: str,
    shared_keys: SoftwareKeys,
    upstreams: RunningUpstreams,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who waits for it holds none of a worker's turns: neither those of logins, nor those of /token."""
    monkeypatch.setattr("idp.login.upstream_client.CONNECT_SECONDS", 60.0)
    provider = Provider(
        tmp_path,
        redis_url=redis_url,
        key_process=shared_keys.target,
        upstreams_file=upstreams.file,
        threads=1,
    )
    profiles = provider.app.extensions["idp"].login.upstreams.profiles
    marks = ("idp:upstream:npsp:down", "idp:upstream:npsp:up")
    provider.app.extensions["idp"].redis.delete(*marks)
    with Silence() as silence, ThreadPoolExecutor(2) as pool:
        profiles["npsp"] = replace(profiles["npsp"], jwks_uri=silence.url)
        browser = Browser(provider)
        browser.get("/account")
        waiting = pool.submit(browser.post, f"{browser.path}/upstream/npsp")
        with silence.call():
            assert pool.submit(Browser(provider).get, "/account").result(20).status_code == 200
            assert not waiting.done()
        assert "gián đoạn" in waiting.result(60).text
    provider.app.extensions["idp"].redis.delete(*marks)
