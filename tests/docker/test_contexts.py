"""What each image holds: its own packages, pinned as the whole project is, and its own code."""

import importlib.util
import re
import shutil
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

DOCKER = Path(__file__).parents[2] / "docker"

ROOT = DOCKER.parent
LISTS = sorted((DOCKER / "requirements").glob("*.in"))
CODE = ("hsm", "idp", "policies", "signsvc")


def _pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;]+)", lock.read_text(), re.MULTILINE))


def _names(text: str) -> set[str]:
    return {re.split(r"[\[=~<> ]", line)[0] for line in text.splitlines() if line and line[0] != "#"}


@pytest.mark.parametrize("wanted", LISTS, ids=lambda path: path.stem)
def test_an_image_s_lock_pins_by_hash_what_the_project_s_lock_pins(wanted: Path) -> None:
    lock = wanted.with_suffix(".lock")
    pins = _pins(lock)
    assert _names(wanted.read_text()) <= set(pins), "run docker/lock.sh"
    assert pins.items() <= _pins(ROOT / "requirements.lock").items(), "run docker/lock.sh"
    text = lock.read_text()
    assert text.count("==") <= text.count("--hash=sha256:")
    assert not re.search(r"https?:|--index|--find-links|--trusted", text)


def test_every_dependency_of_the_project_is_in_an_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = {path.stem: _names(path.read_text()) for path in LISTS}
    assert _names("\n".join(project["project"]["dependencies"])) == (
        listed["hsm"] | listed["idp"] | listed["signsvc"]
    )


@pytest.mark.parametrize(
    ("context", "absent"),
    [
        ("hsm", {"flask", "granian", "pyhanko", "pikepdf", "redis", "authlib"}),
        ("idp", {"python-pkcs11", "pyhanko", "pikepdf", "pypdfium2"}),
        ("signsvc", {"python-pkcs11", "authlib"}),
        ("devca", {"python-pkcs11", "pyhanko", "sqlalchemy"}),
        ("verify", {"python-pkcs11", "pyhanko", "sqlalchemy", "redis", "grpcio", "cryptography"}),
        ("desk", {"python-pkcs11", "pyhanko", "pikepdf", "grpcio", "cedarpy", "authlib"}),
    ],
)
def test_an_image_lacks_the_packages_of_other_contexts(context: str, absent: set[str]) -> None:
    pinned = set(_pins(DOCKER / "requirements" / f"{context}.lock"))
    assert not absent & pinned
    assert not {"pytest", "mypy", "ruff", "hatchling", "pip"} & pinned


@pytest.fixture
def keep_context() -> ModuleType:
    spec = importlib.util.spec_from_file_location("keep_context", DOCKER / "keep_context.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The four packages as the wheel brings them."""
    for package in CODE:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(
    ("context", "kept", "gone"),
    [
        ("hsm", ["hsm/token/token.py", "hsm/app.py", "policies/rules/never.cedar"], ["idp", "signsvc"]),
        ("idp", ["idp/app.py", "hsm/client.py"], ["hsm/token", "hsm/app.py", "policies", "signsvc"]),
        (
            "signsvc",
            ["signsvc/app.py", "hsm/client.py", "policies/rules/never.cedar"],
            ["hsm/token", "hsm/acts/sign.py", "hsm/ceremony.py", "hsm/settings.py", "hsm/store.py", "idp"],
        ),
    ],
)
def test_an_image_holds_its_own_code_and_all_that_this_imports(
    keep_context: ModuleType, installed: Path, context: str, kept: list[str], gone: list[str]
) -> None:
    """The image's build imports every module besides; that takes longer than a test may."""
    keep_context.keep(context, installed)
    assert all((installed / name).exists() for name in kept)
    assert not [name for name in gone if (installed / name).exists()]
    assert keep_context.find_broken_imports(installed) == {}


def test_a_module_that_an_image_would_lack_is_found(keep_context: ModuleType, installed: Path) -> None:
    with (installed / "idp/app.py").open("a") as file:
        file.write("from hsm.token.token import Token\nfrom hsm.acts import sign\n")
    keep_context.keep("idp", installed)
    assert keep_context.find_broken_imports(installed) == {
        "idp/app.py": {"hsm.token.token", "hsm.token.token.Token", "hsm.acts.sign"}
    }
