"""The house keeps its shape: file sizes, names, routes that say who may call them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from policies.bundle import Bundle

ROOT = Path(__file__).parents[2]
MAX_LINES = 350
MEDIAN_LINES = 100
SAY_NOTHING = re.compile(r"^(common|core|utils?|helpers?|lib|shared|misc|managers?)$")
GENERATED = re.compile(r"_pb2(_grpc)?\.pyi?$")
PRODUCT = ("hsm", "policies", "signsvc", "idp", "clients")


def _tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def _sources() -> list[Path]:
    return [path for path in _tracked("*.py") if not GENERATED.search(path.name)]


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_no_file_is_longer_than_350_lines() -> None:
    assert {str(p.relative_to(ROOT)): n for p in _sources() if (n := _lines(p)) > MAX_LINES} == {}


def test_the_median_product_file_is_under_100_lines() -> None:
    sizes = sorted(_lines(path) for path in _sources() if path.relative_to(ROOT).parts[0] in PRODUCT)
    assert sizes[len(sizes) // 2] < MEDIAN_LINES


def test_no_name_says_nothing() -> None:
    names = {part for path in _tracked("*") for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    assert [name for name in names if SAY_NOTHING.match(name)] == []


def test_tests_hold_no_init_files() -> None:
    """One in tests/hsm would shadow the package it tests."""
    assert [path for path in _tracked("tests") if path.name == "__init__.py"] == []


def test_the_generated_code_is_that_of_the_proto_file(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", "-I.", f"--python_out={tmp_path}",
         f"--pyi_out={tmp_path}", f"--grpc_python_out={tmp_path}", "hsm/api/hsm.proto"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    for name in ("hsm_pb2.py", "hsm_pb2.pyi", "hsm_pb2_grpc.py"):
        assert (tmp_path / "hsm/api" / name).read_text() == (ROOT / "hsm/api" / name).read_text(), name


@pytest.mark.parametrize("forbidden", [f"{ROOT}/", "/root/", "/home/"], ids=["checkout", "root", "home"])
def test_no_path_of_a_machine_stands_in_the_tree(forbidden: str) -> None:
    here = Path(__file__)
    found = [
        str(path.relative_to(ROOT))
        for path in _tracked("*")
        if path != here and path.is_file() and forbidden.encode() in path.read_bytes()
    ]
    assert found == []


def test_the_lock_pins_every_package_by_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^[a-z0-9._\[\]-]+==[^ ]+ .*\\$", lock, re.MULTILINE)
    assert len(pinned) > 50
    assert len(re.findall(r"--hash=sha256:", lock)) >= len(pinned)
    assert not re.search(r"https?://|--index-url|--find-links", lock.replace("# via", ""))


def test_every_quota_limits_something() -> None:
    """A limit that nobody asks about is a promise that nobody keeps."""
    sources = "\n".join(path.read_text("utf-8") for path in _sources() if "tests" not in path.parts)
    assert [name for name in Bundle.load().quotas if f'"{name}"' not in sources] == []
