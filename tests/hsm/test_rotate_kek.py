"""A KEK is replaced while people sign, while processes die, and while somebody lays down wrong blobs."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select, update

from hsm.client import ActMalformed, KeyProcess, PolicyRefused
from hsm.life_tables import kek, rewrapped_key
from hsm.tables import credential
from tests.hsm.acts.life import LifeProcess, VaultProcess, started
from tests.servers.key_process import ROOT

KEYS = 24


@pytest.fixture
def process(tmp_path: Path, devca: Any) -> Iterator[LifeProcess]:
    running = started(tmp_path, devca, VaultProcess)
    yield running
    running.stop()


@pytest.fixture
def engine(process: LifeProcess) -> Iterator[Engine]:
    made = create_engine(process.database_url)
    yield made
    made.dispose()


def make_keys(process: LifeProcess, count: int = KEYS) -> None:
    for number in range(count):
        process.create_credential("personal" if number % 4 else "personal-rsa", f"nguoi-{number}")


def rotation(process: LifeProcess, to: str, *, keys: bool = True) -> list[str]:
    approvers = [part for key in process.admin_keys for part in ("--key", str(key))] if keys else []
    return [
        sys.executable, "-m", "hsm", "--json", "rotate-kek", str(process.directory / "ceremony.toml"),
        "--to", to, "--socket", process.admin, *approvers,
    ]  # fmt: skip


def rotate(process: LifeProcess, to: str) -> dict[str, Any]:
    done = subprocess.run(
        rotation(process, to), cwd=ROOT, env=process.environment, capture_output=True, text=True, check=False,
        timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + process.logged()
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def under(engine: Engine, label: str) -> int:
    query = select(func.count()).select_from(credential)
    with engine.connect() as connection:
        return connection.execute(
            query.where(credential.c.kek_label == label, credential.c.wrapped_key.is_not(None))
        ).scalar_one()


def wait_until(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.05)


class Signer(threading.Thread):
    """Signs as one person, again and again, and keeps every error."""

    def __init__(self, process: LifeProcess, name: str) -> None:
        super().__init__(daemon=True)
        self.passkey = process.enrol_person(name)
        self.credential_id = process.active("personal", name)
        self.process, self.name_ = process, name
        self.made, self.errors, self.stopping = 0, list[Exception](), threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.process.sign_as(self.credential_id, self.name_, self.passkey)
                self.made += 1
            except Exception as error:  # noqa: BLE001 -- the test looks at them
                self.errors.append(error)


def test_people_sign_while_every_key_is_wrapped_anew(process: LifeProcess, engine: Engine) -> None:
    signers = [Signer(process, f"nguoi-ky-{number}") for number in range(3)]
    make_keys(process)
    with engine.connect() as connection:
        before = dict(
            connection.execute(select(credential.c.credential_id, credential.c.certificates)).all()  # type: ignore[arg-type]
        )
    for signer in signers:
        signer.start()
    result = rotate(process, "kek-2")
    signed = sum(signer.made for signer in signers)
    for signer in signers:
        signer.stopping.set()
        signer.join()
    assert not [error for signer in signers for error in signer.errors]
    assert signed > 0
    assert (result["kek"], result["keys"]) == ("kek-2", KEYS + len(signers))
    assert (under(engine, "kek-1"), under(engine, "kek-2")) == (0, KEYS + len(signers))
    with engine.connect() as connection:
        after = dict(
            connection.execute(select(credential.c.credential_id, credential.c.certificates)).all()  # type: ignore[arg-type]
        )
    assert after == before, "no certificate changed"
    # New keys are made under the new KEK, and the old one is destroyed by an act of its own.
    process.create_credential("personal", "nguoi-moi")
    assert under(engine, "kek-1") == 0
    with pytest.raises(PolicyRefused):
        process.perform("destroy_kek", {"kek": "kek-1"}, approvers=1)
    with pytest.raises(PolicyRefused):
        process.perform("destroy_kek", {"kek": "kek-2"})
    process.perform("destroy_kek", {"kek": "kek-1"})
    for signer in signers:
        process.sign_as(signer.credential_id, signer.name_, signer.passkey)
    with pytest.raises(ActMalformed, match="never used again"):
        process.perform("rotate_kek", {"from": "kek-2", "to": "kek-1"})


def test_a_kek_that_wraps_a_key_is_not_destroyed(process: LifeProcess, engine: Engine) -> None:
    make_keys(process, 1)
    stopped = subprocess.run(
        rotation(process, "kek-2", keys=False), cwd=ROOT, env=process.environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert stopped.returncode == 1, "the KEK is made, but nobody approved that it is used"
    assert "two administrators" in stopped.stderr
    with pytest.raises(PolicyRefused):
        process.perform("rotate_kek", {"from": "kek-1", "to": "kek-2"}, approvers=1)
    with pytest.raises(ActMalformed, match="a ceremony makes it"):
        process.perform("rotate_kek", {"from": "kek-1", "to": "kek-9"})
    process.perform("rotate_kek", {"from": "kek-1", "to": "kek-2"})
    with pytest.raises(PolicyRefused):
        process.perform("destroy_kek", {"kek": "kek-1"})
    assert under(engine, "kek-1") == 1
    rotate(process, "kek-2")
    process.perform("destroy_kek", {"kek": "kek-1"})
    with engine.connect() as connection:
        states = dict(connection.execute(select(kek.c.label, kek.c.state)).all())  # type: ignore[arg-type]
    assert states == {"kek-1": "destroyed", "kek-2": "current"}


@pytest.mark.slow
def test_whoever_is_killed_goes_on_where_they_were(process: LifeProcess, engine: Engine) -> None:
    passkey = process.enrol_person("nguoi-ky")
    mine = process.active("personal", "nguoi-ky")
    make_keys(process, 60)
    for victim in ("ceremony", "key process", "ceremony"):
        ceremony = subprocess.Popen(
            rotation(process, "kek-2"), cwd=ROOT, env=process.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: laid_down_or_done(engine), "nothing was laid down")
        if victim == "key process":
            process.kill()
            process.start()
        ceremony.kill()
        ceremony.wait()
    result = rotate(process, "kek-2")
    assert result["retired"] == ["kek-1"]
    assert (under(engine, "kek-1"), under(engine, "kek-2")) == (0, 61)
    process.perform("destroy_kek", {"kek": "kek-1"})
    process.sign_as(mine, "nguoi-ky", passkey)
    assert every_key_signs(process) == 61


def laid_down_or_done(engine: Engine) -> bool:
    with engine.connect() as connection:
        waiting = connection.execute(select(func.count()).select_from(rewrapped_key)).scalar_one()
    return bool(waiting) or under(engine, "kek-2") > 0


def every_key_signs(process: LifeProcess) -> int:
    """How many wrapped keys there are; a key process on the same token tries each of them."""
    tried = subprocess.run(
        [sys.executable, "tests/hsm/programs/try_every_key.py"], cwd=ROOT,
        env={**process.environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tried.returncode == 0, tried.stderr
    return int(tried.stdout)


def test_a_wrong_blob_replaces_nothing(process: LifeProcess, engine: Engine) -> None:
    """Whoever writes to the database swaps the blobs of two people, or lays down nonsense."""
    passkey = process.enrol_person("an")
    mine, other, third = (process.active("personal", name) for name in ("an", "binh", "chi"))
    make_keys(process, 2)
    process.sign_as(mine, "an", passkey)
    process.stop()  # so that nothing is adopted before it is spoilt
    subprocess.run(
        [sys.executable, "tests/hsm/programs/lay_down.py", str(process.directory / "ceremony.toml"), "kek-2"],
        cwd=ROOT, env={**process.environment, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    with engine.begin() as connection:
        blobs = dict(
            connection.execute(select(rewrapped_key.c.credential_id, rewrapped_key.c.wrapped_key)).all()  # type: ignore[arg-type]
        )
        for credential_id, blob in ((mine, blobs[other]), (other, blobs[mine]), (third, b"\0" * 64)):
            connection.execute(
                update(rewrapped_key)
                .where(rewrapped_key.c.credential_id == credential_id)
                .values(wrapped_key=blob)
            )
    process.start()
    wait_until(lambda: under(engine, "kek-2") == 2, "the good ones were not adopted")
    assert under(engine, "kek-1") == 3
    process.sign_as(mine, "an", passkey)
    rotate(process, "kek-2")
    assert under(engine, "kek-1") == 0
    process.sign_as(mine, "an", passkey)


def test_every_adoption_is_in_the_journal(process: LifeProcess) -> None:
    make_keys(process, 3)
    rotate(process, "kek-2")
    client = KeyProcess(process.admin)
    kept = [json.loads(entry) for _, entry in client.export(0, 1000)]
    client.close()
    assert sum(len(entry["credentials"]) for entry in kept if entry.get("kind") == "rewrap") == 3
