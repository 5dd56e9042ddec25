"""What the ceremony lays down: the first policy, by its digest, and seals on what was there before, once."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hsm.errors import ApprovalRefused
from hsm.found import seal_what_is_there
from hsm.tables import admin, client_key, passkey
from policies.bundle import Bundle, package_directory, read_texts
from tests.hsm.acts.governed_house import STRICTER, GovernedHouse
from tests.servers.key_process import ROOT, RunningKeyProcess


def founded(directory: Path, policy: str) -> RunningKeyProcess:
    """A key process whose ceremony's file says this of the policy."""
    return type("Founded", (RunningKeyProcess,), {"policy": policy})(directory)


def ceremony(process: RunningKeyProcess) -> subprocess.CompletedProcess[str]:
    """Held again, with the same file."""
    return subprocess.run(
        [sys.executable, "-m", "hsm", "--json", "ceremony", str(process.directory / "ceremony.toml")],
        cwd=ROOT, env=process.environment, check=False, capture_output=True, text=True,
    )  # fmt: skip


def database(process: RunningKeyProcess) -> Any:
    return closing(sqlite3.connect(process.directory / "hsm.sqlite3"))


def test_the_transcript_names_the_policy_that_the_ceremony_began_with(
    own_key_process: RunningKeyProcess,
) -> None:
    assert own_key_process.transcript["policy"] == {"version": 1, "sha256": Bundle.load().digest}


def test_a_policy_of_another_digest_than_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="names 0000"):
        founded(tmp_path / "kp", f'[policy]\nsha256 = "{"0" * 64}"\n')


def test_a_ceremony_may_begin_with_a_policy_of_its_own(tmp_path: Path) -> None:
    for name, text in read_texts(package_directory()).items():
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / name).write_text(text + "\n", "utf-8")
    digest = Bundle.load(tmp_path / "own").digest
    process = founded(tmp_path / "kp", f'[policy]\ndirectory = "{tmp_path}/own"\nsha256 = "{digest}"\n')
    assert process.transcript["policy"]["sha256"] == digest
    again = json.loads(ceremony(process).stdout)
    assert again["policy"]["sha256"] == digest


def test_a_ceremony_held_again_seals_nothing_that_somebody_wrote(own_key_process: RunningKeyProcess) -> None:
    own_key_process.register_client("he-thong-mau")
    with database(own_key_process) as connection, connection:
        connection.execute("UPDATE client_key SET client_id = 'khac', seal = NULL")
    assert ceremony(own_key_process).returncode == 0
    with database(own_key_process) as connection:
        assert connection.execute("SELECT seal FROM client_key").fetchall() == [(None,)]


def test_a_store_without_a_policy_starts_nothing_and_says_what_to_do(
    own_key_process: RunningKeyProcess,
) -> None:
    own_key_process.stop()
    with database(own_key_process) as connection, connection:
        connection.execute("DELETE FROM policy_version")
    with pytest.raises(AssertionError, match="hold the ceremony"):
        own_key_process.start()


def test_rows_from_before_there_were_seals_are_sealed_when_the_key_is_made(ruled: GovernedHouse) -> None:
    with ruled.database.writing() as connection:
        for table in (admin, client_key, passkey):
            connection.execute(update(table).values(seal=None))
    ruled.restart()
    act = ruled.act_on(ruled.lay_down(STRICTER))
    with pytest.raises(ApprovalRefused):
        ruled.do(act, ruled.by_key(act), ruled.by_passkey(act))
    assert seal_what_is_there(ruled.database, ruled.seals) == 3 + 2 + 3
    ruled.restart()
    assert ruled.do(act, ruled.by_key(act), ruled.by_passkey(act))["version"] == 2
