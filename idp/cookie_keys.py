"""The keys that sign page cookies (form tokens, language): a file, newest first, so they can be rotated."""

import os
import secrets
from pathlib import Path

from idp.errors import IdpError

KEPT = 3


def read_cookie_keys(path: Path) -> list[str]:
    """Newest first. Raises IdpError when there is none: ``python -m idp migrate`` makes the first."""
    try:
        keys = path.read_text("ascii").split()
    except OSError as error:
        raise IdpError(detail=f"{path} cannot be read; run: python -m idp migrate") from error
    if not keys or any(len(key) < 32 for key in keys):
        raise IdpError(detail=f"{path} holds no sound key; run: python -m idp rotate-cookie-keys")
    return keys


def rotate_cookie_keys(path: Path) -> None:
    """Put a new key first and keep the ones that cookies out there still need."""
    kept = path.read_text("ascii").split()[: KEPT - 1] if path.exists() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join([secrets.token_urlsafe(32), *kept]) + "\n")
    fresh.replace(path)


def ensure_cookie_keys(path: Path) -> None:
    """Make the first key; safe to repeat."""
    if not path.exists():
        rotate_cookie_keys(path)
