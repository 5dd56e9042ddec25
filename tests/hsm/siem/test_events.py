"""Events: the catalogue is all there is, hostile text cannot forge one, and nobody ever waits for them."""

import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm.metrics import SIEM_EVENTS
from hsm.siem.catalogue import CATALOGUE, COMMON
from hsm.siem.destinations import open_destination
from hsm.siem.event import Event, make_event
from hsm.siem.feed import Feed

NOW = datetime(2026, 11, 24, 8, 0, 0, 123000, tzinfo=UTC)
SYSLOG = re.compile(
    r"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) - (CEF:0\|.*)", re.ASCII
)


def event(kind: str = "sign.refused", **fields: object) -> Event:
    return make_event(kind, fields, now=NOW, sequence=7, host="hsm-1")


def parse_cef(text: str) -> tuple[list[str], dict[str, str]]:
    """As a receiver does (CEF white paper): seven header fields, then key=value until the next key=."""
    parts = re.split(r"(?<!\\)\|", text, maxsplit=7)
    pairs = re.findall(r"(\w+)=((?:\\.|[^=\\])*?)(?= \w+=|$)", parts[7])
    return parts[:7], {key: re.sub(r"\\(.)", r"\1", value) for key, value in pairs}


class Listener:
    """A syslog server: what came, frame by frame as RFC 6587 counts them."""

    def __init__(self, port: int = 0) -> None:
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self.socket.getsockname()[1]
        self.frames: list[str] = []
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while size := b"".join(iter(lambda: stream.read(1).strip(b" "), b"")):
                    self.frames.append(stream.read(int(size)).decode())
            except OSError:
                return

    def close(self) -> None:
        if self.socket.fileno() >= 0:
            # Otherwise accept() would go on holding the port.
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def feed_to() -> Iterator[Callable[..., Feed]]:
    made: list[Feed] = []

    def make(*addresses: str, **options: int) -> Feed:
        made.append(Feed([open_destination(address) for address in addresses], **options))
        return made[-1]

    yield make
    for feed in made:
        feed.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def counted(name: str, result: str) -> float:
    return SIEM_EVENTS.labels(name, result)._value.get()


def test_every_event_has_a_name_a_severity_and_short_ids() -> None:
    for name, kind in CATALOGUE.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", name)
        assert len(name) <= 32  # RFC 5424 MSGID
        assert 0 <= kind.severity <= 10
        assert kind.outcome in {"success", "failure"}
        assert not set(kind.fields) & set(COMMON)


def test_no_event_has_a_field_for_anything_secret_or_personal() -> None:
    fields = {field for kind in CATALOGUE.values() for field in kind.fields}
    assert fields == {
        "caller", "credential", "client", "act", "count", "leaf_index", "error", "rules", "kid", "action",
        "task", "journal_size", "version", "bundle",
    }  # fmt: skip


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_event_is_written_in_every_form(kind: str) -> None:
    fields = {
        field: 3 if field in ("count", "leaf_index", "journal_size") else "x"
        for field in CATALOGUE[kind].fields
    }
    made = event(kind, **fields)
    assert json.loads(made.json_line())["event"] == kind
    match = SYSLOG.fullmatch(made.syslog(17).decode())
    assert match
    assert match.groups()[1:6] == ("2026-11-24T08:00:00.123Z", "hsm-1", "antin-hsm", "17", kind)
    header, pairs = parse_cef(match[7])
    assert header[:4] == ["CEF:0", "An Tin", "key process", "0.1.0"]
    assert header[4:] == [kind, CATALOGUE[kind].name, str(CATALOGUE[kind].severity)]
    assert pairs["rt"] == str(int(NOW.timestamp() * 1000))
    assert {value for key, value in pairs.items() if key.endswith("Label")} <= set(fields) | {"sequence"}


def test_a_field_that_the_catalogue_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        event("sign.done", title="Quyết định")
    with pytest.raises(KeyError):
        event("no.such.event")


@given(st.text(), st.text(), st.lists(st.text(), max_size=30))
def test_hostile_text_forges_neither_field_nor_line(client: str, error: str, rules: list[str]) -> None:
    made = event(client=client, error=error, rules=rules, credential="c|=\\\n|")
    line = made.json_line()
    assert line.count(b"\n") == 1
    message = made.syslog(1).decode()
    assert "\n" not in message
    assert "\r" not in message
    header, pairs = parse_cef(SYSLOG.fullmatch(message)[7])  # type: ignore[index]
    assert header[4] == "sign.refused"
    assert pairs["cs1"] == "c?=???"
    assert set(pairs) == {
        "rt", "dvchost", "outcome", "reason", "cn1", "cn1Label", "cs1", "cs1Label", "cs2", "cs2Label",
        "cs4", "cs4Label",
    }  # fmt: skip
    assert len(message) < 8192


@pytest.mark.parametrize(
    "address", ["", "syslog://x", "syslog+tcp://", "http://x", "file:", "syslog+tcp://x:port"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"destination|Port"):
        open_destination(address)


def test_json_lines_go_to_a_file_that_may_be_rotated(tmp_path: Path, feed_to: Callable[..., Feed]) -> None:
    file = tmp_path / "events.jsonl"
    feed = feed_to(f"file:{file}")
    feed.report("sign.done", credential="c", client="a", leaf_index=1)
    until(file.exists)
    until(lambda: file.read_bytes().endswith(b"\n"))
    file.rename(tmp_path / "old")
    feed.report("sign.done", credential="c", client="a", leaf_index=2)
    until(lambda: file.exists() and file.read_bytes().endswith(b"\n"))
    lines = [json.loads(path.read_text()) for path in (tmp_path / "old", file)]
    assert [line["leaf_index"] for line in lines] == [1, 2]
    assert lines[1]["sequence"] == lines[0]["sequence"] + 1
    assert file.stat().st_mode & 0o007 == 0


def test_cef_goes_over_tcp_with_octet_counting(listener: Listener, feed_to: Callable[..., Feed]) -> None:
    feed = feed_to(f"syslog+tcp://127.0.0.1:{listener.port}")
    for number in range(250):
        feed.report("sign.refused", error="GrantRefused", rules=["một", "hai"], count=number)
    until(lambda: len(listener.frames) == 250)
    assert all(SYSLOG.fullmatch(frame) for frame in listener.frames)
    assert "cnt=249" in listener.frames[-1]


def test_cef_goes_over_udp(feed_to: Callable[..., Feed]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(20)
        feed = feed_to(f"syslog+udp://127.0.0.1:{receiver.getsockname()[1]}")
        feed.report("token.sick", error="TokenUnavailable")
        assert SYSLOG.fullmatch(receiver.recv(65535).decode())


@pytest.mark.parametrize("trusted", [True, False])
def test_tls_goes_to_a_server_that_is_trusted_only(
    tmp_path: Path, feed_to: Callable[..., Feed], *, trusted: bool
) -> None:
    for name in ("server", "stranger"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    plain = socket.create_server(("127.0.0.1", 0))
    frames: list[bytes] = []

    def serve() -> None:
        try:
            with plain, context.wrap_socket(plain.accept()[0], server_side=True) as connection:
                frames.append(connection.recv(65535))
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    authority = tmp_path / ("server.pem" if trusted else "stranger.pem")
    feed = feed_to(f"syslog+tls://localhost:{plain.getsockname()[1]}?ca={authority}")
    feed.report("token.sick")
    thread.join(30)
    assert bool(frames) is trusted


def test_a_server_that_is_away_holds_nobody_up_and_gets_everything_when_it_is_back(
    listener: Listener, feed_to: Callable[..., Feed]
) -> None:
    name = f"syslog+tcp://127.0.0.1:{listener.port}"
    feed = feed_to(name)
    feed.report("sign.done", leaf_index=0)
    until(lambda: len(listener.frames) == 1)
    listener.close()
    time.sleep(0.1)
    began = time.monotonic()
    for number in range(1, 1001):
        feed.report("sign.done", leaf_index=number)
    assert time.monotonic() - began < 5  # it would be 1,000 time-outs
    back = Listener(listener.port)
    until(lambda: len(back.frames) >= 1000)
    assert "externalId=1000 " in back.frames[-1] + " "
    assert counted(name, "dropped") == 0
    back.close()


def test_what_does_not_fit_is_dropped_counted_and_said(feed_to: Callable[..., Feed]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    name = f"syslog+tcp://127.0.0.1:{port}"
    feed = feed_to(name, capacity=50)
    for number in range(500):
        feed.report("sign.done", leaf_index=number)
    dropped = counted(name, "dropped")
    assert dropped >= 300
    back = Listener(port)
    until(lambda: any("events.dropped" in frame for frame in back.frames))
    said = next(frame for frame in back.frames if "events.dropped" in frame)
    assert f"cnt={int(dropped)}" in said
    back.close()


def test_a_fault_of_ours_in_an_event_does_not_undo_the_act(
    feed_to: Callable[..., Feed], tmp_path: Path
) -> None:
    feed = feed_to(f"file:{tmp_path}/events")
    feed.report("sign.done", title="not a field")
    feed.report("no.such.event")


def test_closing_sends_what_is_waiting(tmp_path: Path) -> None:
    feed = Feed([open_destination(f"file:{tmp_path}/events")])
    for _ in range(500):
        feed.report("token.recovered")
    feed.close()
    assert len((tmp_path / "events").read_bytes().splitlines()) == 500
