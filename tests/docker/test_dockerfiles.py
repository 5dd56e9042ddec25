"""Every Dockerfile: linted, no root, nothing unpinned, nothing of another context."""

import re
import subprocess
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[2] / "docker"

DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
each_dockerfile = pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.stem)


def _instructions(dockerfile: Path) -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE))
    return [(line.split()[0], line.partition(" ")[2]) for line in text.splitlines() if line.strip()]


def test_there_is_one_for_each_security_context() -> None:
    contexts = ["desk", "devca", "gateway", "hsm", "idp", "signsvc", "verify"]
    assert [path.stem for path in DOCKERFILES] == contexts


def test_hadolint_finds_nothing(hadolint: str) -> None:
    done = subprocess.run([hadolint, *map(str, DOCKERFILES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@each_dockerfile
def test_the_base_is_one_pinned_tag(dockerfile: Path) -> None:
    instructions = _instructions(dockerfile)
    assert instructions[0] == ("ARG", "BASE=docker.io/library/debian:12.15-slim")
    assert {value.split()[0] for name, value in instructions if name == "FROM"} == {"${BASE}"}


@each_dockerfile
def test_the_image_runs_as_a_number_that_is_not_root(dockerfile: Path) -> None:
    users = [value for name, value in _instructions(dockerfile) if name == "USER"]
    assert len(users) == 1
    assert re.fullmatch(r"1\d{4}:1\d{4}", users[0])


@each_dockerfile
def test_the_image_has_a_health_check(dockerfile: Path) -> None:
    assert [name for name, _ in _instructions(dockerfile)].count("HEALTHCHECK") == 1


@each_dockerfile
def test_packages_come_by_hash_and_no_index_is_named(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    assert not re.search(r"https?://(?!127\.0\.0\.1)|--index-url|--trusted-host", text)
    for _, value in _instructions(dockerfile):
        for install in re.findall(r"pip [^&]*install [^&]*", value):
            if not install.startswith("pip install") or "python3-pip" not in install:
                assert "--require-hashes" in install or "--no-index" in install, install


@each_dockerfile
def test_each_build_sees_only_sources(dockerfile: Path) -> None:
    seen = (DOCKER / f"{dockerfile.name}.dockerignore").read_text()
    assert seen == (DOCKER / ".dockerignore").read_text()
    assert "\n*\n" in seen
    assert not re.search(r"^!(run|\.git|\.venv|tests)", seen, re.MULTILINE)
