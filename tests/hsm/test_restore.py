"""A backup is restored and tried; and a copy is no second original."""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, select

from hsm.administer import approve, draft
from hsm.client import HsmError, KeyProcess
from hsm.copies import find_copy
from hsm.journal.checkpoint import verify_checkpoint
from hsm.life_tables import store_copy
from hsm.store import find_credentials
from tests.hsm.acts.life import WEBAUTHN, LifeProcess, started
from tests.servers.key_process import ROOT

NAME = "nguoi-ky"


@pytest.fixture
def process(tmp_path: Path, devca: Any) -> Iterator[LifeProcess]:
    running = started(tmp_path, devca)
    yield running
    running.stop()


def hsm(process: LifeProcess, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hsm", "--json", *arguments], cwd=ROOT, env={**process.environment, **more},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def backed_up(process: LifeProcess, folder: Path) -> dict[str, Any]:
    done = hsm(process, "backup", str(folder))
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def some_life(process: LifeProcess) -> tuple[str, Any]:
    """A client, a seal, two personal keys and a signature; the seal's id and the client's key."""
    key = process.register_client(NAME)
    seal = process.active("service-seal", NAME)
    for number in range(2):
        process.create_credential("personal", f"{NAME}-{number}")
    process.sign(seal, NAME, key)
    return seal, key


def copy_environment(process: LifeProcess, folder: Path) -> dict[str, str]:
    """A copy started as somebody would who takes it for the original."""
    tokens = folder / "tokens"
    conf = folder / "softhsm2.conf"
    conf.write_text(Path(process.environment["SOFTHSM2_CONF"]).read_text().replace(
        str(process.directory / "tokens"), str(tokens)))  # fmt: skip
    return {
        "SOFTHSM2_CONF": str(conf),
        "HSM_DATABASE_URL": f"sqlite:///{folder}/hsm.sqlite3",
        "HSM_LAST_CHECKPOINT_FILE": str(folder / "last-checkpoint"),
        "HSM_SIGNSVC__ADDRESS": f"unix:{process.sockets}/copy-signsvc.sock",
        "HSM_IDP__ADDRESS": f"unix:{process.sockets}/copy-idp.sock",
        "HSM_ADMIN__ADDRESS": f"unix:{process.sockets}/copy-admin.sock",
    }


def refused_start(process: LifeProcess, environment: dict[str, str]) -> str:
    done = hsm(process, "serve", **environment)
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_a_restore_is_rehearsed_while_the_original_signs(process: LifeProcess, tmp_path: Path) -> None:
    seal, key = some_life(process)
    done = hsm(process, "rehearse-restore", "--into", str(tmp_path / "rehearsal"))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "rehearsal" / "report.json").read_text())
    assert report["canary_signs"]
    assert report["key_process_started"]
    assert (report["wrapped_keys_tried"], report["token_keys_tried"]) == ("2 of 2", "1 of 1")
    assert report["journal_size"] == report["journal_entries_read"] > 0
    process.sign(seal, NAME, key)
    assert not (tmp_path / "rehearsal" / "backup" / "pin").exists()
    secrets = (process.directory / "pin").read_bytes()
    assert all(
        secrets not in path.read_bytes() for path in (tmp_path / "rehearsal").rglob("*") if path.is_file()
    )


def test_a_backup_under_load_is_sound(process: LifeProcess, tmp_path: Path) -> None:
    import threading  # noqa: PLC0415

    seal, key = some_life(process)
    stopping = threading.Event()

    def sign() -> None:
        while not stopping.is_set():
            process.sign(seal, NAME, key)

    signer = threading.Thread(target=sign, daemon=True)
    signer.start()
    try:
        done = hsm(process, "rehearse-restore", "--into", str(tmp_path / "rehearsal"))
    finally:
        stopping.set()
        signer.join()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entries_behind_published"] >= 0


def test_a_copy_does_not_start_as_if_it_were_the_original(process: LifeProcess, tmp_path: Path) -> None:
    some_life(process)
    backed_up(process, tmp_path / "backup")
    environment = copy_environment(process, tmp_path / "backup")
    assert "StoreIsCopy" in refused_start(process, environment)
    # The original has no mark, and no rehearsal.
    assert "StoreIsCopy" in refused_start(process, {"HSM_REHEARSAL": "true"})


def test_a_copy_whose_mark_was_taken_off_is_caught_as_rolled_back(
    process: LifeProcess, tmp_path: Path
) -> None:
    seal, key = some_life(process)
    backed_up(process, tmp_path / "backup")
    process.sign(seal, NAME, key)
    process.stop()
    folder = tmp_path / "backup"
    with closing(sqlite3.connect(folder / "hsm.sqlite3")) as connection:
        connection.execute("DELETE FROM store_copy")
        connection.commit()
    shutil.copy(process.environment["HSM_LAST_CHECKPOINT_FILE"], folder / "last-checkpoint")
    assert "JournalRolledBack" in refused_start(process, copy_environment(process, folder))


def test_a_rehearsed_copy_signs_nothing_and_changes_nothing(process: LifeProcess, tmp_path: Path) -> None:
    seal, key = some_life(process)
    backed_up(process, tmp_path / "backup")
    environment = {**process.environment, **copy_environment(process, tmp_path / "backup"),
                   "HSM_REHEARSAL": "true"}  # fmt: skip
    before = journal_size(environment["HSM_DATABASE_URL"])
    with running(environment) as client:
        with pytest.raises(HsmError):
            process.sign(seal, NAME, key, target=environment["HSM_SIGNSVC__ADDRESS"])
        act = draft("suspend_credential", {"credential_id": seal}, now=int(time.time()))
        with pytest.raises(HsmError):
            client.perform(act, [approve(act, one) for one in process.admin_keys])
        checkpoint = verify_checkpoint(client.checkpoint().text, process.verifier_key)
    assert checkpoint.size == before == journal_size(environment["HSM_DATABASE_URL"])
    assert process.state(seal) == "active"


class TestContinuation:
    """The original is lost: a copy goes on, when two people say so and it has all that was published."""

    def folder(self, process: LifeProcess, tmp_path: Path, checkpoint: str, *, approvers: int = 2) -> Path:
        copy_id = json.loads((tmp_path / "backup" / "manifest.json").read_text())["copy_id"]
        parameters = {"copy_id": copy_id, "last_checkpoint": checkpoint}
        act = draft("continue_copy", parameters, now=int(time.time()))
        folder = tmp_path / f"act-{time.monotonic_ns()}"
        folder.mkdir()
        (folder / "act.json").write_bytes(act)
        for number, key in enumerate(process.admin_keys[:approvers]):
            (folder / f"{number}.jws").write_text(approve(act, key).evidence)
        return folder

    def test_a_copy_that_has_everything_goes_on(self, process: LifeProcess, tmp_path: Path) -> None:
        seal, key = some_life(process)
        process.stop()
        backed_up(process, tmp_path / "backup")
        last = Path(process.environment["HSM_LAST_CHECKPOINT_FILE"]).read_text()
        environment = {**process.environment, **copy_environment(process, tmp_path / "backup")}
        alone = self.folder(process, tmp_path, last, approvers=1)
        assert "PolicyRefused" in refused_start(process, {**environment, "HSM_CONTINUE_COPY": str(alone)})
        environment["HSM_CONTINUE_COPY"] = str(self.folder(process, tmp_path, last))
        with running(environment) as client:
            process.sign(seal, NAME, key, target=environment["HSM_SIGNSVC__ADDRESS"])
            entries = [json.loads(entry) for _, entry in client.export(0, 1000)]
        assert [entry["action"] for entry in entries if entry.get("kind") == "admin"][-1] == "continue_copy"
        with running(environment):
            process.sign(seal, NAME, key, target=environment["HSM_SIGNSVC__ADDRESS"])

    def test_a_copy_that_lacks_a_published_entry_does_not(self, process: LifeProcess, tmp_path: Path) -> None:
        seal, key = some_life(process)
        backed_up(process, tmp_path / "backup")
        process.sign(seal, NAME, key)
        client = KeyProcess(process.admin)
        last = client.checkpoint().text
        client.close()
        process.stop()
        environment = {**process.environment, **copy_environment(process, tmp_path / "backup")}
        before = journal_size(environment["HSM_DATABASE_URL"])
        for number in range(2):
            environment["HSM_CONTINUE_COPY"] = str(self.folder(process, tmp_path, last))
            assert "fork" in refused_start(process, environment), number
        assert journal_size(environment["HSM_DATABASE_URL"]) == before, "not one leaf was written"


def test_a_damaged_backup_is_not_restored(process: LifeProcess, tmp_path: Path) -> None:
    from hsm.backup import BackupFailed, read_manifest  # noqa: PLC0415

    some_life(process)
    backed_up(process, tmp_path / "backup")
    read_manifest(tmp_path / "backup")
    victim = next((tmp_path / "backup" / "tokens").rglob("*.object"))
    spoilt = victim.read_bytes()
    victim.write_bytes(spoilt[:-1] + bytes([spoilt[-1] ^ 1]))
    with pytest.raises(BackupFailed, match="damaged"):
        read_manifest(tmp_path / "backup")
    assert hsm(process, "backup", str(tmp_path / "backup")).returncode == 1, "a folder is never reused"


def test_a_restore_of_postgresql_is_rehearsed(
    tmp_path: Path, devca: Any, postgres_url: Callable[[], str]
) -> None:
    anchors = tmp_path / "anchors.pem"
    anchors.write_text(httpx.get(f"{devca.base_url}/root.pem").text)
    process = LifeProcess(tmp_path / "kp", database_url=postgres_url(), anchors=anchors, **WEBAUTHN)
    process.devca = devca
    process.start()
    try:
        some_life(process)
        empty = postgres_url()
        done = hsm(
            process, "rehearse-restore", "--into", str(tmp_path / "rehearsal"), "--database-url", empty
        )
        assert done.returncode == 0, done.stderr
        engine = create_engine(empty)
        with engine.connect() as connection:
            assert find_copy(connection) is not None
            assert len(find_credentials(connection)) == 3
        engine.dispose()
        engine = create_engine(process.database_url)
        with engine.connect() as connection:
            assert connection.execute(select(store_copy)).first() is None
        engine.dispose()
    finally:
        process.stop()


class running:  # noqa: N801 -- reads as a word in `with`
    """A key process with this environment; a client of its admin socket."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def __enter__(self) -> KeyProcess:
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "hsm", "serve"], cwd=ROOT,
            env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._client = KeyProcess(self._environment["HSM_ADMIN__ADDRESS"], deadline=5)
        until = time.monotonic() + 30
        while not self._client.healthy():
            if self._process.poll() is not None or time.monotonic() > until:
                self._process.kill()
                raise AssertionError(self._process.communicate()[1])
            time.sleep(0.05)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.communicate(timeout=30)


def journal_size(url: str) -> int:
    from hsm.backup import _journal_size  # noqa: PLC0415

    return _journal_size(url)
