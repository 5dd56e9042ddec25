"""Keycloak beside ours: fetched once by Maven into ``build/keycloak``, checked by its hash, built, started.

Production mode over plain HTTP on loopback, its own embedded database in memory, passwords hashed once only:
the comparison leaves the hash out.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.interop.resident import ForeignToolFailed, tool

_HERE = Path(__file__).parent
BUILD = _HERE.parents[2] / "build" / "keycloak"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
USERNAME, PASSWORD = "lan.mau", "mưa rơi trên mái ngói cũ"
CLIENT_ID = "rp-mau"
_STARTS_WITHIN = 180.0


def install() -> Path:
    """Its folder. With an empty Maven repository it downloads 160 MB first. Raises ForeignToolFailed."""
    release = json.loads((_HERE / "release.json").read_text())
    home = BUILD / release["folder"]
    stamp = home / ".built-from"
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == release["sha256"]:
            return home
        shutil.rmtree(home, ignore_errors=True)
        where = [f"-Dartifact={release['artifact']}", f"-DoutputDirectory={BUILD}"]
        _run([tool("mvn", "maven"), "-B", "-q", f"{PLUGIN}:copy", *where])
        _, name, version, kind = release["artifact"].split(":")
        archive = BUILD / f"{name}-{version}.{kind}"
        if hashlib.sha256(archive.read_bytes()).hexdigest() != release["sha256"]:
            raise ForeignToolFailed(f"{archive.name} is not what release.json says")
        with tarfile.open(archive) as packed:
            packed.extractall(BUILD, filter="data")
        archive.unlink()
        _run([str(home / "bin" / "kc.sh"), "build", "--db=dev-mem"])
        stamp.write_text(release["sha256"])
    return home


def _run(command: list[str]) -> None:
    tool("java", "default-jdk-headless")
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise ForeignToolFailed(f"{command}:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")


class RunningKeycloak:
    """``issuer`` and ``pid`` of one server with the realm of ``realm.json``; ``close`` it."""

    def __init__(self, port: int, *, redirect_uri: str, jwks: dict[str, Any]) -> None:
        home = install()
        self.issuer = f"http://127.0.0.1:{port}/realms/mau"
        self._folder = Path(tempfile.mkdtemp(prefix="keycloak-"))
        # What it writes stays out of build/: links to what was built, and a data folder of its own.
        for each in home.iterdir():
            if each.name != "data":
                (self._folder / each.name).symlink_to(each)
        realm = json.loads((_HERE / "realm.json").read_text())
        client = realm["clients"][0]
        client["redirectUris"] = [redirect_uri]
        client["attributes"]["jwks.string"] = json.dumps(jwks)
        (self._folder / "data" / "import").mkdir(parents=True)
        (self._folder / "data" / "import" / "mau-realm.json").write_text(json.dumps(realm))
        self._log = self._folder / "keycloak.log"
        command = [
            # As kc.sh starts it.
            "java", "-Xms64m", "-Xmx512m", "-XX:MetaspaceSize=96M", "-XX:MaxMetaspaceSize=256m",
            f"-Dkc.home.dir={self._folder}",
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-Dquarkus-log-max-startup-records=10000", "-cp", str(home / "lib" / "quarkus-run.jar"),
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint", "start", "--optimized", "--import-realm",
            f"--http-port={port}", "--http-host=127.0.0.1", "--http-enabled=true",
            "--hostname-strict=false", "--cache=local",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command], stdout=log, stderr=log
            )
        self.pid = self._process.pid
        self._wait()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self) -> None:
        until = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                if httpx.get(self.issuer, timeout=3, trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            if self._process.poll() is not None or time.monotonic() > until:
                raise ForeignToolFailed(f"Keycloak did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.2)
