"""``antin-test-provider`` as a program, and what it refuses."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from idp.testing.command import main

ROOT = Path(__file__).parents[3]


def test_json_tells_all_that_a_test_needs_and_nothing_is_left_behind(tmp_path: Path) -> None:
    # A real provider's settings stand in the environment: they must not reach this one.
    environment = {**os.environ, "TMPDIR": str(tmp_path), "IDP_ISSUER": "https://sso.example.gov.vn",
                   "IDP_DATABASE_URL": f"sqlite:///{tmp_path}/real.sqlite3"}  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "idp.testing", "--json"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    metadata = httpx.get(told["discovery"], trust_env=False).json()
    process.send_signal(signal.SIGTERM)
    _, shown = process.communicate(timeout=30)

    assert process.returncode == 0, shown
    assert metadata["issuer"] == told["issuer"]
    assert told["issuer"].startswith("http://127.0.0.1:")
    baseline, fapi2 = told["clients"]
    assert baseline["client_secret"]
    assert "d" in fapi2["jwks"]["keys"][0]
    assert {person["kind"] for person in told["people"]} == {"citizen", "official"}
    assert all("MẪU" in person["name"] and person["password"] for person in told["people"])
    assert "CHỈ ĐỂ THỬ NGHIỆM" in shown
    assert "FOR TESTS ONLY" in shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "issuer",
    [
        "https://sso.example.gov.vn", "http://sso.example.gov.vn:80", "http://0.0.0.0:8081", "https://127.0.0.1:1",
        "http://127.0.0.1:8081@sso.example.gov.vn", "http://127.0.0.1.example.com:8081", "http://127.0.0.1",
        "http://127.0.0.1:0", "http://127.0.0.1:99999", "http://10.0.0.1:8081",
    ],
)  # fmt: skip
def test_an_issuer_that_others_could_reach_is_refused(
    issuer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--issuer", issuer]) == 2
    told = capsys.readouterr().err
    assert "Chỉ để thử nghiệm" in told
    assert "For tests only" in told


def test_a_missing_redis_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main([]) == 2
    assert "Debian package redis-server" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
