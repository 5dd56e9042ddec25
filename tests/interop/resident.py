"""Foreign Java programs as resident processes: built once by Maven, started once a run, asked often.

A JVM with DSS needs seconds to start and is slow at first; asked again, it answers in a fraction.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections import deque
from pathlib import Path
from threading import Thread
from typing import IO, Any

_HERE = Path(__file__).parent
_BUILD = _HERE.parents[1] / "build" / "interop"
_BUILD_SECONDS = 280
_LOG_LINES = 200


class ForeignToolFailed(Exception):
    """The program could not be built or started, or died. The text has its last words."""


class Resident:
    """One Java program of this directory (``dss``, ``verapdf``) with its main class.

    It speaks lines: a JSON array of command line arguments in, one JSON object a file out.
    """

    def __init__(self, name: str, main_class: str) -> None:
        classpath = build(name)
        # A killed test run must leave nothing behind.
        command = ["setpriv", "--pdeathsig", "TERM", tool("java", "default-jdk-headless")]
        command += ["-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
        command += [
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            classpath,
            main_class,
            "--resident",
        ]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._reader = Thread(target=self._log.extend, args=(self._process.stderr,), daemon=True)
        self._reader.start()

    def ask(self, *arguments: str) -> dict[str, Any]:
        """The answer about one file. Raises ForeignToolFailed if the program could not judge it."""
        request, answers = _opened(self._process.stdin), _opened(self._process.stdout)
        request.write(json.dumps(arguments) + "\n")
        request.flush()
        line = answers.readline()
        if not line:
            self._reader.join(5)
            raise ForeignToolFailed("the program ended:\n" + "".join(self._log))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ForeignToolFailed(f"{answer['error']}\n" + "".join(self._log))
        return answer

    def close(self) -> None:
        """End it: it stops at the end of its input."""
        _opened(self._process.stdin).close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        _opened(self._process.stdout).close()
        _opened(self._process.stderr).close()


def tool(program: str, package: str) -> str:
    """Where a program is. Fails with the Debian package to install."""
    found = shutil.which(program)
    if found is None:
        raise ForeignToolFailed(f"{program} is missing: install Debian's {package}")
    return found


def build(name: str) -> str:
    """Compile unless that was done from the same sources; the class path.

    With an empty Maven repository it downloads some 60 MB first. Raises ForeignToolFailed.
    """
    sources = [_HERE / name / "pom.xml", *sorted((_HERE / name / "src").glob("*.java"))]
    made_from = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    made = _BUILD / name
    stamp = made / "made-from"
    _BUILD.mkdir(parents=True, exist_ok=True)
    with (_BUILD / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text("ascii") != made_from:
            shutil.rmtree(made, ignore_errors=True)
            _run_maven(name, made)
            stamp.write_text(made_from, "ascii")
    return f"{made / 'classes'}:{made / 'lib'}/*"


def _run_maven(name: str, made: Path) -> None:
    tool("javac", "default-jdk-headless")
    maven = tool("mvn", "maven")
    command = [maven, "-B", "-q", "-f", str(_HERE / name / "pom.xml"), f"-Dmade={made}", "compile"]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", timeout=_BUILD_SECONDS, check=False
    )
    if done.returncode:
        raise ForeignToolFailed(f"Maven could not build {name}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


def _opened(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
