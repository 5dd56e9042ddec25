"""30,000 enrolled credentials: a key process starts and signs by the same statements as with ten."""

import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hsm.client import KeyProcess
from tests.hsm.acts.life import LifeProcess, started
from tests.servers.key_process import ROOT, STARTS_WITHIN

MANY = 30_000
NAME = "mot-cua"
# What grows with the years: nothing may read one of these from end to end.
GROWING = ("credential", "grant_", "grant_item", "person", "passkey", "journal_entry", "spent_token")


def traced(process: LifeProcess, key: Any, credentials: list[str]) -> list[str]:
    """Every statement of a start, twenty signatures by these credentials, and a stop."""
    trace = process.directory / "trace.sql"
    trace.unlink(missing_ok=True)
    log = (process.directory / "traced.log").open("wb")
    running = subprocess.Popen(
        [sys.executable, "tests/hsm/programs/traced_serve.py", str(trace)], cwd=ROOT,
        env={**process.environment, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log,
    )  # fmt: skip
    client = KeyProcess(process.admin, deadline=2)
    try:
        until = time.monotonic() + STARTS_WITHIN
        while not client.healthy():
            assert running.poll() is None, (process.directory / "traced.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        for credential_id in credentials:
            process.sign(credential_id, NAME, key)
        idp = KeyProcess(process.idp)
        idp.token_keys()
        idp.close()
    finally:
        client.close()
        running.terminate()
        running.wait(30)
        log.close()
    return trace.read_text().splitlines()


def shape(statement: str) -> str:
    return re.sub(r"x?'[^']*'|\b\d+\b", "?", statement)


def fill(database: Path, like: str, count: int) -> list[str]:
    """Copies of one credential's row."""
    names = [f"copy-{number:05}" for number in range(count)]
    with sqlite3.connect(database, timeout=30) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(credential)")]
        listed = ", ".join(name for name in columns if name != "credential_id")
        connection.executemany(
            f"INSERT INTO credential (credential_id, {listed}) "  # noqa: S608 -- columns of the table
            f"SELECT ?, {listed} FROM credential WHERE credential_id = ?",
            [(name, like) for name in names],
        )
    return names


@pytest.mark.slow
def test_a_start_and_signatures_with_thirty_thousand_read_no_table_whole(tmp_path: Path, devca: Any) -> None:
    process = started(tmp_path, devca)
    key = process.register_client(NAME)
    seals = [process.active("service-seal", NAME) for _ in range(10)]
    process.sign(seals[0], NAME, key)  # so that both starts find a use to index
    process.stop()
    database = Path(process.database_url.removeprefix("sqlite:///"))
    few = traced(process, key, seals * 2)
    names = fill(database, seals[0], MANY)
    many = traced(process, key, Random(1).sample(names, 20))
    assert {shape(statement) for statement in many} <= {shape(statement) for statement in few}
    with sqlite3.connect(database) as connection:
        looked_at = 0
        for statement in {shape(one): one for one in many}.values():
            if statement.split()[0] not in ("SELECT", "UPDATE", "DELETE"):
                continue
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            steps = "; ".join(row[3] for row in plan)
            scanned = set(re.findall(r"SCAN (\w+)(?! USING)", steps)) & set(GROWING)
            assert not scanned, f"{statement[:300]}: {steps}"
            looked_at += 1
    assert looked_at > 10
    # A credential that was not seen before costs one look, by its id.
    looks = [one for one in many if re.search(r"FROM credential WHERE credential\.credential_id", one)]
    assert len(looks) == 20
