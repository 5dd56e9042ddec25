"""Runs a program of ``programs/`` in a process of its own: it may lose its token, fork or crash."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def run_program(name: str, *arguments: object, environment: dict[str, str]) -> list[dict[str, Any]]:
    """The JSON lines it printed; fails if it did not end well."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", f"tests/hsm/token/programs/{name}.py", *map(str, arguments)],
        cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)}, timeout=120,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
