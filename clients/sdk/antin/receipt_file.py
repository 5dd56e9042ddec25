"""Receipts as files: JSON with ``entry`` and ``proof``, to be kept beside the signed document."""

import json
from pathlib import Path
from typing import Any

from antin.errors import FileError

MAX_BYTES = 4 * 1024 * 1024


def receipt_text(receipt: dict[str, Any]) -> bytes:
    """The file's bytes."""
    return json.dumps(receipt, indent=2).encode() + b"\n"


def read_receipt(path: Path) -> dict[str, Any]:
    """Read a receipt. Raises FileError when it is none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        receipt = json.loads(data) if len(data) <= MAX_BYTES else None
    except OSError as error:
        raise FileError(
            f"Không đọc được {path}: {error.strerror}.", f"Cannot read {path}: {error.strerror}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise _not_one(path) from error
    if not isinstance(receipt, dict) or not {"entry", "proof"} <= receipt.keys():
        raise _not_one(path)
    return receipt


def _not_one(path: Path) -> FileError:
    return FileError(
        f"{path} không phải biên nhận (JSON có entry và proof).",
        f"{path} is not a receipt (JSON with entry and proof).",
    )
