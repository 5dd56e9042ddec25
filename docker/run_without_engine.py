"""Starts compose.yaml without a Docker engine, has a document signed through the gateway, and stops it all.

    docker/build-without-engine.sh && .venv/bin/python docker/run_without_engine.py

Needs root, buildah, and PostgreSQL and Redis of the distribution, which stand in for the two images that
no build here makes. Everything runs in a network namespace of its own, so it meets no other program.
With ANTIN_KEEP=1 its folder stays, with every log.

What chroot cannot show: a read-only root (instead, what was written outside the volumes is listed),
resource limits, and the separation of networks.
"""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import yaml

DOCKER = Path(__file__).parent
ROOT = DOCKER.parent
SECRETS = ROOT / "run/docker/secrets"
STORAGE = ["--storage-driver", os.environ.get("STORAGE_DRIVER", "vfs")]
PATIENCE = 90.0


class Stack:
    """The services of compose.yaml, each in a working container of its image."""

    def __init__(self, home: Path) -> None:
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (DOCKER / "compose.yaml").read_text("utf-8"))
        self.file: dict[str, Any] = yaml.safe_load(text)
        self.home = home
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.done: set[str] = set()
        self.roots: dict[str, Path] = {}

    def start(self, name: str) -> None:
        """Start what this service waits for, then the service; jobs are waited for."""
        if name in self.done or name in self.running:
            return
        service = self.file["services"][name]
        for other, wanted in service.get("depends_on", {}).items():
            self.start(other)
            if wanted["condition"] == "service_healthy":
                self._wait_until_healthy(other)
        began = time.monotonic()
        if name in ("postgres", "redis"):
            self.running[name] = {"postgres": self._postgres, "redis": self._redis}[name]()
            return
        self._prepare(name, service)
        log = (self.home / f"{name}.log").open("wb")
        command = [*self._image(name)["Entrypoint"], *service.get("command", self._image(name)["Cmd"])]
        process = subprocess.Popen(self._run(name, command), stdout=log, stderr=log)
        if service["restart"] != "no":
            self.running[name] = process
            return
        if process.wait(PATIENCE) != 0:
            sys.exit(f"{name} failed:\n{self.log(name)[-3000:]}")
        self.done.add(name)
        say(f"{name}: done in {time.monotonic() - began:.1f} s")

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text("utf-8", "replace")

    def written(self) -> dict[str, list[str]]:
        """Files a container wrote outside its volumes and /tmp (known with the overlay driver only)."""
        found = {}
        for name, root in self.roots.items():
            upper = root.parent / "diff"
            if root.name == "merged" and upper.is_dir():
                found[name] = [
                    str(path.relative_to(upper))
                    for path in upper.rglob("*")
                    if path.is_file() and path.stat().st_size and path.relative_to(upper).parts[0] != "tmp"
                ]
        return found

    def stop(self) -> None:
        for name, process in reversed(self.running.items()):
            if process.poll() is not None:
                continue
            # PostgreSQL's fast shutdown; the others take it as an end as well.
            os.kill(main_process(process.pid), signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                say(f"{name} did not stop in time")
                process.kill()
        for name in self.roots:
            buildah("rm", f"antin-{name}")

    def _wait_until_healthy(self, name: str) -> None:
        if name in self.done:
            return
        until = time.monotonic() + PATIENCE
        began = time.monotonic()
        kind, *test = self.file["services"][name]["healthcheck"]["test"]
        command = ["sh", "-c", *test] if kind == "CMD-SHELL" else test
        run = command if name in ("postgres", "redis") else self._run(name, command)
        environment = {**os.environ, "PATH": f"{programs()}:{os.environ['PATH']}"}
        while subprocess.run(run, check=False, capture_output=True, env=environment).returncode != 0:
            if self.running[name].poll() is not None or time.monotonic() > until:
                sys.exit(f"{name} is not healthy:\n{self.log(name)[-3000:]}")
            time.sleep(0.3)
        if name not in self.done:
            self.done.add(name)
            say(f"{name}: healthy after {time.monotonic() - began:.1f} s")

    def _image(self, name: str) -> dict[str, Any]:
        image = self.file["services"][name]["image"]
        seen: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", f"localhost/{image}"))
        config: dict[str, Any] = seen["Docker"]["config"]
        return {"Entrypoint": [], **{key: value for key, value in config.items() if value}}

    def _prepare(self, name: str, service: dict[str, Any]) -> None:
        buildah("from", "--name", f"antin-{name}", f"localhost/{service['image']}")
        self.roots[name] = Path(buildah("mount", f"antin-{name}").strip())
        for volume in service.get("volumes", []):
            folder = self.home / "volumes" / volume["source"]
            folder.mkdir(parents=True, exist_ok=True)
            there = self.roots[name] / volume["target"].lstrip("/")
            if not volume.get("volume", {}).get("nocopy") and there.is_dir() and not any(folder.iterdir()):
                about = there.stat()
                os.chown(folder, about.st_uid, about.st_gid)
                folder.chmod(about.st_mode & 0o7777)

    def _run(self, name: str, command: list[str]) -> list[str]:
        service = self.file["services"][name]
        mounts = []
        for volume in service.get("volumes", []):
            mode = ":ro" if volume.get("read_only") else ""
            mounts.append(f"{self.home}/volumes/{volume['source']}:{volume['target']}{mode}")
        for kind, target in (("secrets", "/run/secrets/{}"), ("configs", "/{}")):
            for used in service.get(kind, []):
                source = used if isinstance(used, str) else used["source"]
                file = (DOCKER / self.file[kind][source]["file"]).resolve()
                place = target.format(source) if isinstance(used, str) else used["target"]
                place = place if place.startswith("/") else f"/run/secrets/{place}"
                mounts.append(f"{file}:{place}:ro")
        if name == "gateway":
            # An engine gives standard output to the container's user, who may then open it; buildah does not.
            text = (DOCKER / "gateway.conf").read_text().replace("/dev/stdout", "/tmp/access.log")  # noqa: S108
            (self.home / "gateway.conf").write_text(text)
            mounts.append(f"{self.home}/gateway.conf:/etc/antin/gateway.conf:ro")
        return [
            "buildah", *STORAGE, "run", "--isolation", "chroot", "--cap-drop", "all",
            *(f"--volume={mount}" for mount in mounts),
            *(f"--env={key}={value}" for key, value in service.get("environment", {}).items()),
            f"antin-{name}", "--", *command,
        ]  # fmt: skip

    def _postgres(self) -> subprocess.Popen[bytes]:
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data, environment = self.home / "postgres", {**os.environ, "POSTGRES_USER": "postgres"}
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
        options = ["--data-checksums", "--auth-host=scram-sha-256", "--auth-local=peer"]
        run([*as_postgres, f"{programs()}/initdb", f"--pgdata={data}/data", *options])
        server = [*as_postgres, f"{programs()}/postgres", "-D", f"{data}/data", "-k", str(data)]
        log = (self.home / "postgres.log").open("wb")
        process = subprocess.Popen(server, cwd=data, stdout=log, stderr=log)
        ready = [f"{programs()}/pg_isready", "--quiet", f"--host={data}"]
        while subprocess.run(ready, check=False).returncode != 0:
            time.sleep(0.2)
        environment["PGHOST"] = str(data)
        run([*as_postgres, "sh", str(shutil.copy(DOCKER / "init-databases.sh", data))], env=environment)
        return process

    def _redis(self) -> subprocess.Popen[bytes]:
        folder = self.home / "redis"
        folder.mkdir()
        log = (self.home / "redis.log").open("wb")
        command = ["redis-server", str(DOCKER / "redis.conf")]
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)


def main() -> int:
    if "--inside" not in sys.argv:
        run([str(DOCKER / "init-secrets.sh")])
        apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        os.execvp("unshare", [*apart, sys.executable, __file__, "--inside"])  # noqa: S606
    home = Path(tempfile.mkdtemp(prefix="antin-"))
    home.chmod(0o711)
    enter(home)
    stack = Stack(home)
    began = time.monotonic()
    try:
        for name in stack.file["services"]:
            stack.start(name)
        stack._wait_until_healthy("gateway")
        say(f"everything healthy after {time.monotonic() - began:.1f} s")
        look_through_the_gateway()
        sign_a_document(home, stack.log("enrol"))
        for name, files in stack.written().items():
            say(f"{name} wrote outside its volumes: {', '.join(files) or 'nothing'}")
        for name in ("worker", "idp-worker"):
            if stack.running[name].poll() is not None:
                sys.exit(f"{name} ended:\n{stack.log(name)[-3000:]}")
    finally:
        stack.stop()
        if not os.environ.get("ANTIN_KEEP"):
            shutil.rmtree(home)
    return 0


def enter(home: Path) -> None:
    """Loopback up, the services' names for it, and secrets where PostgreSQL's script reads them."""
    run(["ip", "link", "set", "lo", "up"])
    (home / "hosts").write_text("127.0.0.1 localhost postgres redis hsm idp signsvc verify desk devca\n")
    run(["mount", "--bind", str(home / "hosts"), "/etc/hosts"])
    Path("/run/secrets").mkdir(exist_ok=True)
    run(["mount", "-t", "tmpfs", "tmpfs", "/run/secrets"])
    for file in SECRETS.iterdir():
        shutil.copy(file, "/run/secrets")


def look_through_the_gateway() -> None:
    """What is public answers with the caller's request id; what is for operators is not there."""
    trusted = ssl.create_default_context(cafile=SECRETS / "gateway.pem")
    headers = {"X-Request-Id": "look-1", "Client-Cert": ":forged:"}
    with httpx.Client(verify=trusted, headers=headers, trust_env=False) as client:
        public = {8441: ".well-known/openid-configuration", 8442: "openapi.json", 8443: "", 8444: ""}
        for port, path in public.items():
            answer = client.get(f"https://localhost:{port}/{path}")
            if answer.status_code != httpx.codes.OK or answer.headers["X-Request-Id"] != "look-1":
                sys.exit(f"the gateway answered {answer.status_code} for /{path}")
            for hidden in ("metrics", "readyz", "healthz"):
                if client.get(f"https://localhost:{port}/{hidden}").status_code != httpx.codes.NOT_FOUND:
                    sys.exit(f"the gateway shows /{hidden}")
    say("gateway: public pages answer over TLS, operators' pages do not")


def sign_a_document(home: Path, configuration: str) -> None:
    """The command as a client uses it, over TLS, through the gateway."""
    (home / "antin.toml").write_text(configuration.replace('"secrets/', f'"{SECRETS}/'))
    antin = [str(Path(sys.executable).parent / "antin"), "--config", str(home / "antin.toml")]
    sample = ROOT / "tests/samples/quyet-dinh.pdf"
    began = time.monotonic()
    run([*antin, "sign", str(sample), "-o", str(home / "signed.pdf"), "--level", "B-LTA"])
    say(f"signed at B-LTA in {time.monotonic() - began:.1f} s: {(home / 'signed.pdf').stat().st_size} bytes")
    say(run(["pdfsig", "-nocert", str(home / "signed.pdf")]))


def run(command: list[str], **more: Any) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def buildah(*arguments: str) -> str:
    return run(["buildah", *STORAGE, *arguments])


def main_process(pid: int) -> int:
    """The container's own first process, below those of buildah."""
    while True:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"buildah") or not children:
            return pid
        pid = int(children[0])


def programs() -> Path:
    """Where Debian keeps PostgreSQL's server."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
