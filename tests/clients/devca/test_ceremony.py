"""Making the authority: once, whole, private, and found again."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from devca.app import create_app
from devca.ceremony import load, prepare
from devca.errors import StateUnusable
from devca.settings import Settings

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BASE = "http://127.0.0.1:8085"


def test_init_twice_finds_the_same_authority(tmp_path: Path):
    first = prepare(tmp_path / "ca", BASE, now=NOW)
    second = prepare(tmp_path / "ca", BASE, now=NOW)
    assert second.root.certificate == first.root.certificate
    assert second.secret == first.secret


def test_two_starts_at_once_make_one_authority(tmp_path: Path):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _n: prepare(tmp_path / "ca", BASE, now=NOW), range(4)))
    assert len({authority.secret for authority in made}) == 1


def test_keys_and_secret_are_for_the_owner_only(tmp_path: Path):
    prepare(tmp_path / "ca", BASE, now=NOW)
    for private in ("root.key.pem", "issuing.key.pem", "ocsp.key.pem", "tsa.key.pem", "issue-secret"):
        assert (tmp_path / "ca" / private).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700


def test_a_directory_of_another_address_is_refused(tmp_path: Path):
    prepare(tmp_path / "ca", BASE, now=NOW)
    with pytest.raises(StateUnusable, match="8085") as raised:
        prepare(tmp_path / "ca", "http://127.0.0.1:9999", now=NOW)
    assert "8085" in raised.value.english


def test_without_an_address_it_is_found_but_not_made(tmp_path: Path):
    with pytest.raises(StateUnusable):
        prepare(tmp_path / "ca", None, now=NOW)
    made = prepare(tmp_path / "ca", BASE, now=NOW)
    assert prepare(tmp_path / "ca", None, now=NOW).base_url == made.base_url == BASE


def test_a_ceremony_that_broke_off_is_done_again(tmp_path: Path):
    """The power failed before the last file was written."""
    broken = prepare(tmp_path / "ca", BASE, now=NOW)
    (tmp_path / "ca" / "devca.json").unlink()
    (tmp_path / "ca" / "tsa.pem").unlink()
    again = prepare(tmp_path / "ca", BASE, now=NOW)
    assert again.root.certificate != broken.root.certificate
    assert again.tsa.certificate.issuer == again.issuing.certificate.subject


@pytest.mark.parametrize("damaged", ["devca.json", "root.pem", "tsa.key.pem"])
def test_damage_is_named_and_never_repaired_silently(tmp_path: Path, damaged):
    prepare(tmp_path / "ca", BASE, now=NOW)
    (tmp_path / "ca" / damaged).write_text("hỏng", "utf-8")
    with pytest.raises(StateUnusable):
        prepare(tmp_path / "ca", BASE, now=NOW)


def test_a_key_of_another_certificate_is_damage(tmp_path: Path):
    prepare(tmp_path / "ca", BASE, now=NOW)
    (tmp_path / "ca" / "tsa.key.pem").write_bytes((tmp_path / "ca" / "ocsp.key.pem").read_bytes())
    with pytest.raises(StateUnusable):
        load(tmp_path / "ca")


def test_two_apps_in_one_process_are_strangers(tmp_path: Path):
    one = create_app(Settings(directory=tmp_path / "one", base_url=BASE), lambda: NOW).test_client()
    two = create_app(Settings(directory=tmp_path / "two", base_url=BASE), lambda: NOW).test_client()
    assert one.get("/root.pem").data != two.get("/root.pem").data
    assert one.get("/metrics").status_code == two.get("/readyz").status_code == 200


def test_without_misbehave_there_is_no_way_to_break_it(tmp_path: Path):
    app = create_app(Settings(directory=tmp_path / "ca", base_url=BASE), lambda: NOW)
    (tmp_path / "ca" / "misbehaviour.json").write_text('{"tsa": "down", "crl": "down"}')
    client = app.test_client()
    secret = (tmp_path / "ca" / "issue-secret").read_text().strip()
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.put("/misbehave", json={"tsa": "down"}, headers=headers).status_code == 404
    assert client.get("/crl/root.crl").status_code == 200


def test_an_unreadable_index_is_not_ready_and_says_nothing_more(tmp_path: Path):
    client = create_app(Settings(directory=tmp_path / "ca", base_url=BASE), lambda: NOW).test_client()
    (tmp_path / "ca" / "index.sqlite").write_bytes(b"not a database at all" * 100)
    response = client.get("/readyz", headers={"X-Request-Id": "abc"})
    assert response.status_code == 503
    assert "database" not in response.text
    assert response.headers["X-Request-Id"] == "abc"


def test_the_command_line_makes_and_finds_it(tmp_path: Path):
    root = Path(__file__).resolve().parents[3] / "clients" / "devca"
    environment = {**os.environ, "PYTHONPATH": str(root)}

    def init(*options):
        command = [sys.executable, "-m", "devca", "init", "--dir", str(tmp_path / "ca"), *options]
        return subprocess.run(command, env=environment, capture_output=True, check=False)

    assert init("--base-url", "http://127.0.0.1:9000").returncode == 0
    again = init()
    assert again.returncode == 0
    assert (tmp_path / "ca" / "issue-secret").read_bytes().strip() not in again.stdout
    assert b":9000" in again.stdout
    assert init("--base-url", "http://127.0.0.1:1").returncode == 1


def test_stopping_and_starting_keeps_everything(devca_factory, make_csr):
    server = devca_factory()
    server.issue(make_csr(), "personal")
    number = httpx.get(f"{server.base_url}/crl/issuing.crl").content
    server.misbehave(crl="down")
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.base_url}/healthz")
    server.start()
    # Faults do not outlive the process; the CRL and the index do.
    assert httpx.get(f"{server.base_url}/crl/issuing.crl").content == number
    server.issue(make_csr(), "personal")
