"""Leaves of the installed wheel what one security context may hold, and proves that it still imports.

    python keep_context.py hsm|idp|signsvc SITE_PACKAGES

There is one wheel; what a context must not hold is deleted before the image is made: a web process
has no code that loads PKCS#11, the key process has no web framework.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("hsm", "idp", "policies", "signsvc")

# What hsm.client needs, and nothing else of the key process.
CLIENT = (
    "hsm/__init__.py", "hsm/client.py", "hsm/algorithms.py", "hsm/errors.py", "hsm/tls.py",
    "hsm/acts/__init__.py", "hsm/acts/act.py", "hsm/api",
)  # fmt: skip

KEPT = {
    "hsm": ("hsm", "policies"),
    "idp": ("idp", *CLIENT),
    "signsvc": ("signsvc", "policies", *CLIENT),
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
    kept = [site_packages / name for name in KEPT[context]]
    for package in PACKAGES:
        for path in sorted((site_packages / package).rglob("*"), reverse=True):
            if path.is_dir():
                if path.name == "__pycache__":
                    shutil.rmtree(path)
                elif not any(path.iterdir()):
                    path.rmdir()
            elif not any(path.is_relative_to(one) for one in kept):
                path.unlink()
        if (site_packages / package).is_dir() and not any((site_packages / package).iterdir()):
            (site_packages / package).rmdir()


def check_imports(site_packages: Path, python: str) -> None:
    """Import every module that is left, in a fresh interpreter. Raises CalledProcessError."""
    modules = [
        str(path.relative_to(site_packages))
        for package in PACKAGES
        for path in (site_packages / package).rglob("*.py")
        if path.name != "env.py" and "versions" not in path.parts
    ]
    subprocess.run(
        [python, "-B", "-c", _IMPORT_ALL, str(site_packages), *modules],
        check=True,
        env={**os.environ, "PYTHONPATH": str(site_packages)},
        cwd=site_packages,
    )


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]))
    check_imports(Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else sys.executable)
