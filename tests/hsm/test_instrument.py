"""The journal of a running key process as an instrument: published, witnessed, anchored, told, searched."""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from pydantic import ValidationError
from witness.folder import Folder
from witness.note import LOG_KEY, parse_verifier_key
from witness.observe import Witness
from witness.source import FolderSource

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.algorithms import SignatureAlgorithm
from hsm.client import ActRefused, Approval, Item, KeyProcess
from hsm.journal.anchor import verify_anchors
from hsm.journal.published import PublishedLog
from hsm.journal.receipt import verify_proof
from hsm.settings import Settings
from tests.servers.key_process import ROOT, RunningKeyProcess, activate, client_jws


class House:
    def __init__(self, directory: Path, devca: Any) -> None:
        directory.mkdir(exist_ok=True)
        anchors = directory / "anchors.pem"
        anchors.write_text(httpx.get(f"{devca.base_url}/root.pem").text)
        self.public = directory / "public"
        self.events_file = directory / "events.jsonl"
        self.running = RunningKeyProcess(
            directory / "kp",
            anchors=anchors,
            HSM_PUBLISH_DIR=str(self.public),
            HSM_TSA_URLS=json.dumps([devca.tsa_url]),
            HSM_TSA_TRUST_ANCHORS=str(anchors),
            HSM_ANCHOR_SECONDS="1",
            HSM_SIEM=f"file:{self.events_file} syslog+udp://127.0.0.1:9",
        )
        self.roots = x509.load_pem_x509_certificates(anchors.read_bytes())
        self.running.start()
        self.key = self.running.register_client("a-client")
        created = self.running.create_credential("service-seal", "a-client")
        self.credential_id = activate(self.running, created, devca, "service-seal")
        folder = Folder(directory / "witness")
        folder.create("witness.example/antin")
        log_key = parse_verifier_key(self.running.verifier_key, LOG_KEY)
        self.witness = Witness(folder, FolderSource(self.public), log_key)

    def sign(self, count: int = 1, *, key: Any = None) -> list[int]:
        items = [
            ActItem(hashlib.sha256(str(n).encode()).digest(), f"Mật: {n}", "dtbsr") for n in range(count)
        ]
        moment = int(time.time())
        act = SignAct(
            new_act_id(), "a-client", self.credential_id, SignatureAlgorithm.ES256, tuple(items), moment,
            moment + 300,
        ).encode()  # fmt: skip
        client = KeyProcess(self.running.signsvc)
        try:
            approval = client_jws(act, key or self.key)
            return [
                one.leaf_index
                for one in client.sign([Item(digest=i.digest) for i in items], act=act, approval=approval)
            ]
        finally:
            client.close()

    def published(self) -> PublishedLog:
        return PublishedLog(self.public, self.running.verifier_key)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.events_file.read_text().splitlines()]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, devca: Any) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("instrument"), devca)
    yield made
    made.running.stop()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_what_was_signed_is_published_witnessed_and_anchored(house: House) -> None:
    leaf = house.sign()[0]
    until(lambda: house.published().checkpoint.size > leaf)
    published = house.published()
    entry = json.loads(published.entries(leaf // 256)[leaf % 256])
    assert entry["credential"] == house.credential_id
    assert house.witness.observe(now=int(time.time())).checkpoint.size >= leaf
    size = published.checkpoint.size
    until(
        lambda: any(
            anchor.checkpoint.size >= size
            for anchor in verify_anchors(house.public, house.running.verifier_key, house.roots)
        )
    )


def test_what_is_published_names_nobody(house: House) -> None:
    house.sign()
    published = house.published()
    text = b"".join(entry for index in published.bundles() for entry in published.entries(index)).decode()
    assert "Mật" not in text
    assert "MẪU" not in text


def test_every_use_of_a_key_is_found_and_each_has_its_receipt(house: House) -> None:
    leaves = house.sign(3)
    client = KeyProcess(house.running.signsvc)
    try:
        until(lambda: client.uses(house.credential_id, leaves[-1], 10)[0].outcome == "signed")
        uses = client.uses(house.credential_id, leaves[0], 100)
        assert [use.leaf_index for use in uses[:3]] == leaves
        for use in uses[:3]:
            receipt = client.receipt(use.leaf_index)
            assert receipt.entry == use.entry
            assert verify_proof(receipt.proof, use.entry, house.running.verifier_key)[0] == use.leaf_index
            assert use.outcome_index is not None
            outcome = json.loads(client.receipt(use.outcome_index).entry)
            assert {"index": use.leaf_index, "signature": use.result} in outcome["intents"]
        assert client.uses("nobody", 0, 100) == []
    finally:
        client.close()


def test_what_is_done_and_what_is_refused_is_told(house: House) -> None:
    leaf = house.sign(2)[0]
    before = len(house.events())
    with pytest.raises(ActRefused):
        house.sign(key=type(house.key).generate_key("P-256"))
    client = KeyProcess(house.running.signsvc)
    try:
        with pytest.raises(ActRefused):
            client.sign([Item(digest=bytes(32))], act=b"{}\n|=", approval=Approval("client_jws", "a.b.c"))
        with pytest.raises(ActRefused):
            client.sign([Item(digest=bytes(32))], sad="no such SAD")
    finally:
        client.close()
    until(lambda: len(house.events()) >= before + 3)
    events = house.events()
    done = next(one for one in events if one["event"] == "sign.done" and one.get("leaf_index") == leaf)
    assert (done["credential"], done["client"], done["count"]) == (house.credential_id, "a-client", 2)
    assert done["caller"] == "signsvc"
    forged, malformed, no_sad = [one for one in events if one["event"].startswith("sign.")][-3:]
    assert (forged["event"], forged["error"]) == ("sign.attacked", "ApprovalRefused")
    assert (malformed["event"], malformed["error"]) == ("sign.refused", "ActMalformed")
    assert (no_sad["event"], no_sad["error"]) == ("sign.attacked", "GrantRefused")
    names = {one["event"] for one in events}
    assert {"process.started", "administration.done"} <= names
    admin = next(one for one in events if one["event"] == "administration.done")
    assert (admin["caller"], admin["action"], admin["count"]) == ("admin", "register_client_key", 2)
    text = house.events_file.read_text()
    assert "no such SAD" not in text
    assert "Mật" not in text


def test_a_killed_key_process_leaves_a_readable_log_and_goes_on(tmp_path: Path, devca: Any) -> None:
    house = House(tmp_path, devca)
    for _ in range(3):
        house.sign(150)
        time.sleep(0.3)
        house.running.kill()
        size = house.published().checkpoint.size
        assert sum(len(house.published().entries(i)) for i in house.published().bundles()) == size
        house.witness.observe(now=int(time.time()))
        house.running.start()
    leaf = house.sign()[0]
    house.running.stop()
    # What came last is published on the way out.
    assert house.published().checkpoint.size >= leaf + 2
    assert house.witness.observe(now=int(time.time())).checkpoint.size >= leaf + 2
    assert {"process.started", "process.stopped"} <= {one["event"] for one in house.events()}


def test_a_database_that_was_set_back_behind_what_is_published_does_not_start(
    tmp_path: Path, devca: Any
) -> None:
    house = House(tmp_path, devca)
    house.running.stop()
    database = Path(house.running.database_url.removeprefix("sqlite:///"))
    # Whoever sets the database back takes the last checkpoint with it; what is published is out of reach.
    files = [database, house.running.directory / "last-checkpoint"]
    backup = [file.read_bytes() for file in files]
    house.running.start()
    house.sign()
    house.running.stop()
    for file, content in zip(files, backup, strict=True):
        file.write_bytes(content)
    with pytest.raises(AssertionError, match="did not start"):
        house.running.start()
    house.running.log.close()
    refused = [one for one in house.events() if one["event"] == "process.start_refused"]
    assert [one["error"] for one in refused] == ["JournalRolledBack"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tsa_urls": ["http://127.0.0.1/tsa"]},
        {"tsa_urls": ["http://127.0.0.1/tsa"], "publish_dir": "public"},
        {"siem": "mail:somebody"},
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"pin_file": tmp_path, **wrong})


def test_an_empty_publish_dir_publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSM_PIN_FILE", "pin")
    monkeypatch.setenv("HSM_PUBLISH_DIR", "")
    monkeypatch.setenv("HSM_SIEM", "file:/a syslog+tcp://siem.example")
    settings = Settings.from_environment()
    assert settings.publish_dir is None
    assert settings.siem == ("file:/a", "syslog+tcp://siem.example")


def test_the_commands_verify_search_and_erase(house: House) -> None:
    house.sign()
    running = house.running
    client = KeyProcess(running.signsvc)
    until((house.public / "anchors" / "index.jsonl").exists)
    try:
        until(lambda: all(use.outcome == "signed" for use in client.uses(house.credential_id, 0, 1000)))
    finally:
        client.close()

    def command(*arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "hsm", "--json", *arguments],
            env=running.environment, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    roots = str(running.directory.parent / "anchors.pem")
    key = ("--verifier-key", running.verifier_key)
    assert command("anchors", str(house.public), *key, "--trust-anchors", roots)[0]["size"] > 0
    uses = command("uses", house.credential_id, "--socket", running.admin)
    assert {use["outcome"] for use in uses} == {"signed"}
    # Nothing is old enough yet.
    assert command("erase-acts", "--older-than-days", "1", "--administrative") == {
        "erased": 0, "erased_administrative": 0,
    }  # fmt: skip
