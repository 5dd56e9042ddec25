"""Leaves of the installed wheel what one security context may hold, and proves that it still imports.

    python keep_context.py hsm|idp|signsvc SITE_PACKAGES

There is one wheel; what a context must not hold is deleted before the image is made: a web process
has no code that loads PKCS#11, the key process has no web framework.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("hsm", "idp", "policies", "signsvc")

# Whole packages, and single modules with what they import, down to the last one of ours.
KEPT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hsm": (("hsm", "policies"), ()),
    "idp": (("idp",), ("hsm.client",)),
    "signsvc": (("signsvc", "policies"), ("hsm.client",)),
}

# Alembic's env.py runs inside Alembic only.
_IMPORT_ALL = """
import importlib, pathlib, sys
root = pathlib.Path(sys.argv[1])
for path in sorted(root / name for name in sys.argv[2:]):
    parts = path.relative_to(root).with_suffix("").parts
    importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
"""


def keep(context: str, site_packages: Path) -> None:
    """Delete every file of our packages that is not the context's, then every empty directory."""
    packages, modules = KEPT[context]
    kept = {path for package in packages for path in (site_packages / package).rglob("*")}
    for module in modules:
        kept |= _closure(module, site_packages)
    for package in PACKAGES:
        for path in sorted((site_packages / package).rglob("*"), reverse=True):
            if path.is_dir():
                _remove_if_empty(path)
            elif path not in kept or path.parent.name == "__pycache__":
                path.unlink()
        _remove_if_empty(site_packages / package)


def find_broken_imports(site_packages: Path) -> dict[str, set[str]]:
    """By file, the modules of ours that it imports and that are not there. Reads only; runs nothing."""
    broken: dict[str, set[str]] = {}
    for package in PACKAGES:
        for file in (site_packages / package).rglob("*.py"):
            missing = {name for name in _imports(file) if not _is_there(name, site_packages)}
            if missing:
                broken[str(file.relative_to(site_packages))] = missing
    return broken


def check_imports(site_packages: Path) -> None:
    """Import every module that is left, in a fresh interpreter; exit with its status when one cannot be."""
    modules = [
        str(path.relative_to(site_packages))
        for package in PACKAGES
        for path in (site_packages / package).rglob("*.py")
        if path.name != "env.py" and "versions" not in path.parts
    ]
    done = subprocess.run(
        [sys.executable, "-B", "-c", _IMPORT_ALL, str(site_packages), *modules],
        check=False,
        env={**os.environ, "PYTHONPATH": str(site_packages)},
        cwd=site_packages,
    )
    if done.returncode:
        sys.exit(done.returncode)


def _closure(module: str, root: Path) -> set[Path]:
    """The files of this module, of the packages above it, and of all of ours that they import."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        parts = waiting.pop().split(".")
        for length in range(1, len(parts) + 1):
            place = root.joinpath(*parts[:length])
            file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            if file.is_file() and file not in found:
                found.add(file)
                waiting += _imports(file)
    return found


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported from a package may be a module of it.
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.split(".")[0] in PACKAGES)


def _is_there(name: str, root: Path) -> bool:
    """Whether a module is there, or a name that the package above it may define itself."""
    place = root.joinpath(*name.split("."))
    above = place.parent
    return (
        place.is_dir()
        or place.with_suffix(".py").is_file()
        or above.with_suffix(".py").is_file()
        or ((above / "__init__.py").is_file() and place.stem in (above / "__init__.py").read_text("utf-8"))
    )


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]))
    check_imports(Path(sys.argv[2]))
