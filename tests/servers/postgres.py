"""A throw-away PostgreSQL for the tests: ``postgres_url()`` returns the URL of a fresh, empty database."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

_START_SECONDS = 30
_STOP_SECONDS = 10
# The servers of Debian's postgresql package are not on the PATH.
_PROGRAMS = Path("/usr/lib/postgresql")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[Callable[[], str]]:
    """A cluster for the whole run, on a unix socket, as an unprivileged user, without fsync."""
    programs = _programs()
    # Short, because a socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="antin-pg-", dir="/tmp"))
    account = _account()
    if account:
        os.chown(home, account["user"], account["group"])
    try:
        data = home / "data"
        options = ["--username=antin", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        _run([programs / "initdb", f"--pgdata={data}", *options], home, account)
        arguments = ["-D", data, "-k", home, "-c", "listen_addresses=", "-c", "fsync=off"]
        log = home / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [programs / "postgres", *arguments], cwd=home, stdout=output, stderr=output, **account
            )
        try:
            yield _factory(home, server, log)
        finally:
            # SIGINT is PostgreSQL's fast shutdown: it throws the clients out.
            server.send_signal(2)
            try:
                server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _factory(home: Path, server: subprocess.Popen[bytes], log: Path) -> Callable[[], str]:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(home), user="antin", dbname="postgres").close()
            break
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
    numbers = count(1)

    def fresh() -> str:
        name = f"test_{next(numbers)}"
        with psycopg.connect(host=str(home), user="antin", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://antin@/{name}?host={home}"

    return fresh


def _programs() -> Path:
    found = sorted(_PROGRAMS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        pytest.fail("No PostgreSQL server found: install the Debian package `postgresql`.", pytrace=False)
    return Path(initdb).resolve().parent


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _run(command: list[str | Path], home: Path, account: dict[str, Any]) -> None:
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, **account)
    if done.returncode:
        pytest.fail(f"{command[0]} failed: {done.stderr[-2000:]}")
