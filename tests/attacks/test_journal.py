"""Whoever owns the database, or the host's clock: what they change is convicted, and nothing is signed on it.

The table's other attacks on the journal (a row changed in place, a consistent rewrite of everything, a
fork) are in ``tests/hsm/journal``; these are told from outside, by what a client or an auditor holds.
"""

import base64
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from antin.journal import verify_export
from antin.receipt import ReceiptError, verify_checkpoint, verify_receipt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hsm.client import JournalError
from hsm.database import Database
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.log import Log
from tests.attacks.scene import Scene
from tests.servers.key_process import ROOT, RunningKeyProcess

Lines = list[str]


def exported(scene: Scene) -> tuple[Lines, str]:
    checkpoint = scene.admin.checkpoint().text
    size = int(checkpoint.splitlines()[1])
    return [
        json.dumps({"index": index, "entry": base64.b64encode(entry).decode()})
        for index, entry in scene.admin.export(0, 10_000)
        if index < size
    ], checkpoint


def edited(lines: Lines) -> Lines:
    row = json.loads(lines[3])
    entry = json.loads(base64.b64decode(row["entry"])) | {"time": 1}
    row["entry"] = base64.b64encode(json.dumps(entry).encode()).decode()
    return [*lines[:3], json.dumps(row), *lines[4:]]


def renumbered(lines: Lines) -> Lines:
    return [json.dumps(json.loads(line) | {"index": index}) for index, line in enumerate(lines)]


TAMPERED: dict[str, Callable[[Lines], Lines]] = {
    "an edited row": edited,
    "a deleted row": lambda lines: [*lines[:5], *lines[6:]],
    "a deleted row and the rest renumbered": lambda lines: renumbered([*lines[:5], *lines[6:]]),
    "two rows in each other's place": lambda lines: renumbered([*lines[:5], lines[6], lines[5], *lines[7:]]),
    "the last row cut off": lambda lines: lines[:-1],
    "a row put in": lambda lines: renumbered([*lines[:5], lines[4], *lines[5:]]),
    "a row twice": lambda lines: [*lines[:5], lines[4], *lines[5:]],
    "nothing left": lambda _: [],
}  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED.keys())
def test_an_auditor_is_shown_a_journal_with(scene: Scene, tamper: Callable[[Lines], Lines]) -> None:
    lines, checkpoint = exported(scene)
    assert verify_export(lines, checkpoint, scene.process.verifier_key).size == len(lines)
    with pytest.raises(ReceiptError):
        verify_export(tamper(lines), checkpoint, scene.process.verifier_key)


def test_a_checkpoint_is_signed_by_another_key(scene: Scene) -> None:
    honest = verify_checkpoint(scene.admin.checkpoint().text, scene.process.verifier_key)
    origin = scene.process.verifier_key.partition("+")[0]
    own = Ed25519PrivateKey.generate()
    body = checkpoint_body(origin, honest.size, honest.root)
    forged = format_note(body, origin, own.public_key().public_bytes_raw(), own.sign(body.encode()))
    verify_checkpoint(forged, verifier_key(origin, own.public_key().public_bytes_raw()))
    with pytest.raises(ReceiptError):
        verify_checkpoint(forged, scene.process.verifier_key)


def test_a_checkpoint_of_another_size_carries_the_right_signature(scene: Scene) -> None:
    text = scene.admin.checkpoint().text
    size = text.splitlines()[1]
    with pytest.raises(ReceiptError):
        verify_checkpoint(text.replace(f"\n{size}\n", f"\n{int(size) + 1}\n", 1), scene.process.verifier_key)


def test_a_receipt_is_put_beside_another_entry(scene: Scene) -> None:
    size = scene.journal_size()
    one, other = (
        {"entry": base64.b64encode(told.entry).decode(), "proof": told.proof}
        for told in (scene.admin.receipt(size - 1), scene.admin.receipt(size - 2))
    )
    verify_receipt(one, scene.process.verifier_key)
    for changed in ({"entry": other["entry"]}, {"proof": other["proof"]}, {"proof": ""}, {"entry": ""}):
        with pytest.raises(ReceiptError):
            verify_receipt({**one, **changed}, scene.process.verifier_key)


@pytest.fixture(scope="module")
def ruined(tmp_path_factory: pytest.TempPathFactory, scene: Scene) -> Iterator["Ruined"]:
    """A key process of its own, whose database the attacker owns."""
    built = Ruined(tmp_path_factory.mktemp("ruined") / "kp", scene.devca)
    yield built
    built.scene.stop()


class Ruined:
    """``scene`` is at it; the database is a file."""

    def __init__(self, directory: Path, devca: Any) -> None:
        anchors = directory.parent / "anchors.pem"
        anchors.write_text(devca.root_pem)
        self.process = RunningKeyProcess(directory, anchors=anchors)
        self.process.start()
        self.scene = Scene(self.process, devca)
        self.database = directory / "hsm.sqlite3"

    def sign(self) -> None:
        act = self.scene.act()
        self.scene.sign(act, self.scene.by_client(act))

    def refuses_to_start(self) -> str:
        tried = subprocess.run(
            [sys.executable, "-m", "hsm", "serve"], cwd=ROOT, env=self.process.environment,
            capture_output=True, text=True, check=False, timeout=20,
        )  # fmt: skip
        assert tried.returncode == 1, tried.stderr
        return tried.stderr


def test_the_database_is_set_back_to_a_backup(ruined: Ruined, tmp_path: Path) -> None:
    """What was used since would be free again: so it does not start."""
    ruined.scene.stop()
    shutil.copy(ruined.database, tmp_path / "backup")
    ruined.scene.start()
    act = ruined.scene.act()
    ruined.scene.sign(act, ruined.scene.by_client(act))
    ruined.scene.stop()
    shutil.copy(ruined.database, tmp_path / "newest")
    shutil.copy(tmp_path / "backup", ruined.database)
    assert "JournalRolledBack" in ruined.refuses_to_start()
    shutil.copy(tmp_path / "newest", ruined.database)
    ruined.scene.start()
    with ruined.scene.nothing_happens():
        ruined.scene.sign(act, ruined.scene.by_client(act))


def test_the_hosts_clock_is_set_back(ruined: Ruined) -> None:
    """An hour, so that an act that has expired were good again; starting again does not help."""
    ruined.scene.stop()
    database = Database(f"sqlite:///{ruined.database}")
    log = Log(database.reader)
    log.reload()
    later = json.dumps({"intents": [], "time": int(time.time()) + 3600, "type": "outcome"}).encode()
    with database.writing() as connection:
        log.stage(connection, [later])
    database.close()
    ruined.scene.start()
    with ruined.scene.nothing_happens(JournalError, match="clock"):
        ruined.sign()
    with ruined.scene.nothing_happens(JournalError, match="clock"):
        ruined.scene.perform("register_person", {"person_id": "ai-do"})
    ruined.process.environment["HSM_CLOCK_WENT_BACK"] = "accept"
    ruined.scene.restart()
    ruined.sign()
