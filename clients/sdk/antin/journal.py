"""Verify the whole journal offline, from an export: nothing was changed, left out, added or reordered.

Standard library only, and written apart from the service's own code. An export is one JSON object a
line, ``{"index": n, "entry": base64}``, from the first entry on; it is read as it comes, so it may be
longer than memory.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from antin.receipt import ReceiptError, decode_base64, parse_entry, verify_checkpoint


@dataclass(frozen=True, slots=True)
class JournalSummary:
    """What a verified journal holds.

    ``unresolved``: intents without an outcome: a crash in between, or work under way when the export
    was made. ``signatures`` and ``failures`` count what the outcomes say. Times are Unix seconds;
    ``largest_step_back`` is how far the clock once went back between two entries.
    """

    size: int
    root: bytes
    intents: int
    outcomes: int
    signatures: int
    failures: int
    unresolved: tuple[int, ...]
    others: int
    first_time: int | None
    last_time: int | None
    largest_step_back: int


def verify_export(lines: Iterable[str], checkpoint: str, verifier_key: str) -> JournalSummary:
    """Recompute the journal's root from its entries and compare it with the signed checkpoint.

    ``lines`` may go on beyond the checkpoint: the rest is not read. Raises ReceiptError (also when an
    outcome names what is not an open intent); ConfigError for the key.
    """
    head = verify_checkpoint(checkpoint, verifier_key)
    tree = _Tree()
    reader = _Reader()
    source = iter(lines)
    for index in range(head.size):
        line = next(source, None)
        if line is None:
            raise ReceiptError(
                f"Bản xuất dừng ở mục {index}, checkpoint có {head.size} mục.",
                f"The export ends at entry {index}, the checkpoint has {head.size} entries.",
            )
        entry = _entry_of(line, index)
        tree.add(entry)
        reader.read(index, entry)
    if tree.root() != head.root:
        raise ReceiptError(
            "Bản xuất không khớp gốc của checkpoint: có mục đã bị sửa, thêm, bớt hoặc đổi chỗ.",
            "The export does not lead to the checkpoint's root: entries were changed, added, removed or"
            " reordered.",
        )
    return reader.summary(head.size, head.root)


def _entry_of(line: str, index: int) -> bytes:
    try:
        row = json.loads(line)
        found, entry = row["index"], row["entry"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(index, "dòng sai dạng", "the line is not of the form index, entry") from error
    if type(found) is not int or found != index:
        raise _damaged(
            index, f"gặp chỉ số {found!r}", f"found index {found!r}; entries are missing or reordered"
        )
    if not isinstance(entry, str):
        raise _damaged(index, "entry không phải văn bản", "the entry is not text")
    try:
        return decode_base64(entry)
    except ReceiptError as error:
        raise _damaged(index, error.vi, error.en) from error


def _damaged(index: int, vi: str, en: str) -> ReceiptError:
    return ReceiptError(f"Mục {index}: {vi}", f"Entry {index}: {en}")


class _Tree:
    """RFC 6962 root in one pass: the roots of the perfect subtrees so far, O(log n) of them."""

    def __init__(self) -> None:
        self._subtrees: list[tuple[int, bytes]] = []  # (number of leaves, hash), falling sizes

    def add(self, entry: bytes) -> None:
        leaves, node = 1, hashlib.sha256(b"\x00" + entry).digest()
        while self._subtrees and self._subtrees[-1][0] == leaves:
            _, left = self._subtrees.pop()
            node = hashlib.sha256(b"\x01" + left + node).digest()
            leaves *= 2
        self._subtrees.append((leaves, node))

    def root(self) -> bytes:
        if not self._subtrees:
            return hashlib.sha256().digest()
        node = self._subtrees[-1][1]
        for _, left in reversed(self._subtrees[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node


class _Reader:
    """What the entries say, and that each outcome belongs to one earlier intent that is still open."""

    def __init__(self) -> None:
        self._open: dict[int, None] = {}
        self._intents = self._outcomes = self._others = self._signatures = self._failures = 0
        self._first: int | None = None
        self._last: int | None = None
        self._latest = 0
        self._step_back = 0

    def read(self, index: int, entry: bytes) -> None:
        try:
            content = parse_entry(entry)
        except ReceiptError as error:
            raise _damaged(index, error.vi, error.en) from error
        self._read_time(content.get("time"))
        kind = content.get("type")
        if kind == "intent":
            self._intents += 1
            self._open[index] = None
        elif kind == "outcome":
            self._outcomes += 1
            self._read_outcome(index, content)
        else:
            self._others += 1

    def _read_outcome(self, index: int, content: dict[str, Any]) -> None:
        items = content.get("intents")
        if not isinstance(items, list) or not items:
            raise _damaged(index, "kết quả không nêu mục nào", "the outcome names no intents")
        for item in items:
            named = item.get("index") if isinstance(item, dict) else None
            if type(named) is not int or named not in self._open:
                raise _damaged(
                    index,
                    f"kết quả nêu mục {named!r}, không phải một dự định trước đó còn mở",
                    f"the outcome names {named!r}, which is not an earlier intent without an outcome",
                )
            del self._open[named]
            if isinstance(item.get("signature"), str):
                self._signatures += 1
            elif isinstance(item.get("failed"), str):
                self._failures += 1
            else:
                raise _damaged(index, "kết quả không nói gì", "the outcome has neither signature nor failed")

    def _read_time(self, moment: object) -> None:
        if type(moment) is not int:
            return
        if self._first is None:
            self._first = self._latest = moment
        self._last = moment
        self._latest = max(self._latest, moment)
        self._step_back = max(self._step_back, self._latest - moment)

    def summary(self, size: int, root: bytes) -> JournalSummary:
        return JournalSummary(
            size=size,
            root=root,
            intents=self._intents,
            outcomes=self._outcomes,
            signatures=self._signatures,
            failures=self._failures,
            unresolved=tuple(self._open),
            others=self._others,
            first_time=self._first,
            last_time=self._last,
            largest_step_back=self._step_back,
        )
