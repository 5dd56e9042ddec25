"""``python -m signsvc``: the real server and worker as processes."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from signsvc.settings import Settings
from tests.servers.key_process import RunningKeyProcess, client_jws
from tests.servers.plain_pdf import make_pdf
from tests.servers.signsvc import Enrolled, Issuer, make_settings

ROOT = Path(__file__).parents[3]
MIB = 1024 * 1024


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process is told them."""
    told = {}
    for name, value in settings.model_dump(mode="json", exclude_none=True).items():
        told[f"SIGNSVC_{name.upper()}"] = json.dumps(value) if isinstance(value, list) else str(value)
    return {**os.environ, **told}


def command(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    log = settings.documents_dir.with_suffix(".log").open("ab")
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "signsvc", *arguments],
            cwd=ROOT,
            env=environment(settings),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        log.close()


@contextmanager
def stopped_at_the_end(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def settings(
    tmp_path: Path,
    issuer: Issuer,
    enrolled: Enrolled,
    key_process: RunningKeyProcess,
    devca: Any,
    redis_url: str,
) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = make_settings(
        tmp_path,
        issuer,
        key_process,
        devca,
        redis_url=f"redis+{redis_url}",
        port=port,
        workers=1,
        threads=2,
        lease=5,
    )  # fmt: skip
    migrated = command(made, "migrate")
    assert migrated.wait(60) == 0
    return made


@pytest.fixture
def http(settings: Settings) -> Iterator[httpx.Client]:
    """A client of a running server."""
    with (
        stopped_at_the_end(command(settings, "serve")) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{settings.port}", timeout=120, trust_env=False) as client,
    ):
        until = time.monotonic() + 30
        while True:
            try:
                if client.get("/healthz").status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                pass
            assert process.poll() is None
            assert time.monotonic() < until, settings.documents_dir.with_suffix(".log").read_text()
            time.sleep(0.1)
        client.headers["X-Server-Pid"] = str(process.pid)
        yield client


def peak_memory(parent: int) -> int:
    """The largest resident set (bytes) any process of this server ever had."""
    peaks = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if f"\nNSpgid:\t{parent}\n" in text and "inspecting" not in (status.parent / "cmdline").read_text():
            peaks.append(int(text.split("VmHWM:")[1].split()[0]) * 1024)
    return max(peaks)


def signed(
    http: httpx.Client, issuer: Issuer, enrolled: Enrolled, content: bytes, level: str
) -> httpx.Response:
    token = issuer.approval_token(enrolled.service_seal, content)
    return http.post(
        "/v1/sign",
        params={"credential_id": enrolled.service_seal, "level": level, "title": "MẪU"},
        content=content,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/pdf"},
    )


def test_a_large_document_is_streamed_both_ways_and_never_held(
    http: httpx.Client, issuer: Issuer, enrolled: Enrolled
) -> None:
    small = signed(http, issuer, enrolled, make_pdf(1), "B-T")
    assert small.status_code == 200, small.text
    server = int(http.headers["X-Server-Pid"])
    before = peak_memory(server)
    content = make_pdf(1, padding=100 * MIB)
    answer = signed(http, issuer, enrolled, content, "B-T")
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(content)
    grown = peak_memory(server) - before
    assert grown < 32 * MIB, f"{grown / MIB:.0f} MiB"


def test_the_numbers_are_those_of_all_workers(
    settings: Settings, http: httpx.Client, issuer: Issuer, enrolled: Enrolled
) -> None:
    assert signed(http, issuer, enrolled, make_pdf(1), "B-T").status_code == 200
    metrics = http.get("/metrics").text
    assert 'signsvc_signatures_total{level="B-T",result="completed"} 1.0' in metrics
    assert 'signsvc_authority_up{authority="tsa"} 1.0' in metrics
    assert "signsvc_queue_depth 0.0" in metrics
    assert http.get("/readyz").status_code == httpx.codes.OK


def test_a_chunked_upload_has_a_limit_too(settings: Settings, http: httpx.Client, issuer: Issuer) -> None:
    def endless() -> Iterator[bytes]:
        yield b"%PDF-1.7\n"
        for _ in range(settings.max_document // MIB + 8):
            yield b"\0" * MIB

    headers = {"Authorization": f"Bearer {issuer.token()}", "Content-Type": "application/pdf"}
    try:
        answer = http.post("/v1/documents", content=endless(), headers=headers)
        assert answer.status_code == 413
        assert answer.json()["code"] == "body_too_large"
    except httpx.TransportError:
        pass  # the server answered and closed while we were still sending
    assert list(settings.documents_dir.iterdir()) == []


def test_a_server_killed_while_signing_signs_once(
    settings: Settings, http: httpx.Client, issuer: Issuer, enrolled: Enrolled, devca: Any
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    document = http.post(
        "/v1/documents", content=make_pdf(1), headers=headers | {"Content-Type": "application/pdf"}
    ).json()
    one = http.post(
        "/v1/signatures",
        json={"document_id": document["id"], "credential_id": enrolled.seal, "level": "B-T"},
        headers=headers,
    ).json()
    approval = client_jws(one["act"].encode(), enrolled.key)
    body = {"approval": {"kind": approval.kind, "evidence": approval.evidence}}
    # It dies while it waits for the time-stamp: the signature value is durable by then.
    devca.misbehave(tsa="slow", seconds=3)
    with pytest.raises(httpx.TransportError):
        http.post(f"/v1/signatures/{one['id']}/complete", json=body, headers=headers, timeout=1.5)
    os.killpg(int(http.headers["X-Server-Pid"]), signal.SIGKILL)
    time.sleep(0.2)
    devca.behave()
    with stopped_at_the_end(command(settings, "serve")):
        until = time.monotonic() + 60
        status, answer = 0, {}
        # The dead one's lease has to end first.
        while status != httpx.codes.OK and time.monotonic() < until:
            try:
                response = http.post(f"/v1/signatures/{one['id']}/complete", json=body, headers=headers)
                status, answer = response.status_code, response.json()
            except httpx.TransportError:
                pass
            time.sleep(0.3)
        assert status == httpx.codes.OK, answer


def test_slow_callers_without_login_leave_room_for_signing(
    settings: Settings, http: httpx.Client, issuer: Issuer, enrolled: Enrolled
) -> None:
    head = (
        b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/pdf\r\n"
        b"Content-Length: 1000000\r\n\r\n%PDF-1.7\n"
    )
    slow = [socket.create_connection(("127.0.0.1", settings.port)) for _ in range(6)]
    try:
        for connection in slow:
            connection.sendall(head)
        time.sleep(0.5)
        assert signed(http, issuer, enrolled, make_pdf(1), "B-B").status_code == httpx.codes.OK
        crowded = http.post("/v1/verify", content=make_pdf(1), headers={"Content-Type": "application/pdf"})
        assert crowded.status_code == 503, crowded.text
        assert crowded.json()["code"] == "crowded"
        assert int(crowded.headers["Retry-After"]) > 0
    finally:
        for connection in slow:
            connection.close()
    # Their places come back, and nothing of theirs is left.
    until = time.monotonic() + 20
    while http.get("/v1/journal/entries").status_code != httpx.codes.OK:
        assert time.monotonic() < until
        time.sleep(0.1)
    until = time.monotonic() + 20
    while len(list(settings.documents_dir.iterdir())) > 1:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_reader_that_goes_away_gives_its_place_back(settings: Settings, http: httpx.Client) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", settings.port)) as hasty:
            hasty.sendall(b"GET /v1/journal/entries HTTP/1.1\r\nHost: x\r\n\r\n")
    until = time.monotonic() + 20
    while http.get("/v1/journal/checkpoint").status_code != httpx.codes.OK:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_worker_ends_when_it_is_told_to(settings: Settings) -> None:
    worker = command(settings, "worker")
    log = settings.documents_dir.with_suffix(".log")
    until = time.monotonic() + 30
    while "worker_started" not in log.read_text():
        assert worker.poll() is None, log.read_text()
        assert time.monotonic() < until
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0


def test_wrong_settings_are_told_together_and_nothing_starts(tmp_path: Path) -> None:
    told = {**os.environ, "SIGNSVC_PORT": "0", "SIGNSVC_WORKERS": "x"}
    done = subprocess.run(
        [sys.executable, "-m", "signsvc", "serve"],
        cwd=ROOT,
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "port" in done.stderr
    assert "workers" in done.stderr


def test_the_large_document_helper_makes_what_it_says() -> None:
    assert len(make_pdf(1, padding=MIB)) > MIB
    assert hashlib.sha256(make_pdf(1)).digest() == hashlib.sha256(make_pdf(1)).digest()
