"""Fetch the journal: checkpoint, receipts, and all entries for an offline check. Public: no login."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from antin.connection import Connection
from antin.errors import NetworkError
from antin.source import Progress, no_progress

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``text``: a C2SP checkpoint in a signed note. ``verifier_key``: the key the *service* names for
    it; only a key learnt from elsewhere proves anything against the service.
    """

    text: str
    verifier_key: str

    @property
    def size(self) -> int:
        """The number of entries it commits to, as it says (C2SP tlog-checkpoint: the second line)."""
        lines = self.text.split("\n")
        if len(lines) < 3 or not lines[1].isdecimal():
            raise NetworkError("Checkpoint không đúng dạng C2SP.", "The checkpoint is not of the C2SP form.")
        return int(lines[1])


def get_checkpoint(connection: Connection) -> Checkpoint:
    """The newest checkpoint."""
    response = connection.call("GET", "/v1/journal/checkpoint", login="no", accept="text/plain")
    return Checkpoint(response.text, response.headers.get("Antin-Verifier-Key", ""))


def get_receipt(connection: Connection, leaf_index: int) -> dict[str, Any]:
    """The receipt of one entry, as JSON (``entry``, ``proof``). Not verified here."""
    return connection.members("GET", f"/v1/journal/receipts/{leaf_index:d}", login="no")


def export_entries(
    connection: Connection, checkpoint: Checkpoint, progress: Progress = no_progress
) -> Iterator[str]:
    """The entries up to the checkpoint, each one NDJSON line without its end. Raises NetworkError."""
    at, size = 0, checkpoint.size
    while at < size:
        params = {"start": str(at), "limit": str(min(PAGE, size - at))}
        answer = connection.call(
            "GET", "/v1/journal/entries", params=params, login="no", accept="application/x-ndjson"
        )
        page = [line for line in answer.text.split("\n") if line][: size - at]
        for line in page:
            if _index(line) != at:
                raise _broken(at)
            at += 1
            yield line
        progress("download", at, size)
        if not page:
            raise _broken(at)


def _index(line: str) -> object:
    try:
        return json.loads(line)["index"]
    except (ValueError, KeyError, TypeError):
        return None


def _broken(at: int) -> NetworkError:
    return NetworkError(
        f"Nhật ký trả về thiếu mục {at}; tệp không được lưu. Thử lại.",
        f"The journal's answer lacks entry {at}; nothing was kept. Try again.",
    )
