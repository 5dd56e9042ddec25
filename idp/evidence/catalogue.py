"""Which events exist and what each may carry: ``catalogue.toml``, read once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from idp.evidence.event import Event

_FILE = Path(__file__).with_name("catalogue.toml")
_WORD = re.compile(r"[A-Za-z0-9_.:/+-]{0,100}", re.ASCII)
# Số định danh, CMND, mã số thuế, a telephone number.
_IDENTITY_NUMBER = re.compile(r"\+?[0-9]{9,12}")
_MAX_WORDS = 32
_IDS = {"person_id": 36, "client_id": 200, "session_id": 43, "request_id": 64}
_KINDS = ("word", "words", "number", "flag")


@dataclass(frozen=True, slots=True)
class EventKind:
    """``fields``: name to kind. ``durable``: on disk before ``record`` returns. ``shown``: to the person.
    ``severity``: 0 to 10, as CEF has it.
    """

    name: str
    vi: str
    en: str
    fields: Mapping[str, str]
    durable: bool
    shown: bool
    severity: int


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(_WORD.fullmatch(value)) and not _IDENTITY_NUMBER.fullmatch(value)


def _is_of(kind: str, value: object) -> bool:
    match kind:
        case "word":
            return _is_word(value)
        case "words":
            return isinstance(value, list | tuple) and len(value) <= _MAX_WORDS and all(map(_is_word, value))
        case "number":
            return type(value) is int
        case _:
            return type(value) is bool


def check_event(event: Event) -> EventKind:
    """The kind of this event. Raises ValueError, which names the field and never its value."""
    kind = CATALOGUE.get(event.name)
    if kind is None:
        raise ValueError(f"no event {event.name!r:.80} in idp/evidence/catalogue.toml")
    for name, length in _IDS.items():
        if len(getattr(event, name)) > length:
            raise ValueError(f"{event.name}: {name} is too long")
    for name, value in event.details.items():
        if name not in kind.fields:
            raise ValueError(f"{event.name} may not carry {name!r:.80}")
        if not _is_of(kind.fields[name], value):
            raise ValueError(f"{event.name}: {name} is not a {kind.fields[name]}")
    return kind


def _read() -> tuple[Mapping[str, EventKind], int]:
    document = tomllib.loads(_FILE.read_text("utf-8"))
    retention_days = int(document.pop("retention_days"))
    kinds: dict[str, EventKind] = {}
    for group, events in document.items():
        for name, entry in events.items():
            kinds[f"{group}.{name}"] = _kind(f"{group}.{name}", entry)
    return MappingProxyType(kinds), retention_days


def _kind(name: str, entry: dict[str, Any]) -> EventKind:
    unknown = entry.keys() - {"vi", "en", "fields", "durable", "shown", "severity"}
    fields = entry.get("fields", {})
    if unknown or not set(fields.values()) <= set(_KINDS):
        raise ValueError(f"idp/evidence/catalogue.toml: {name} is not sound")
    return EventKind(
        name=name,
        vi=entry["vi"],
        en=entry["en"],
        fields=fields,
        durable=entry.get("durable", True),
        shown=entry.get("shown", False),
        severity=entry.get("severity", 3),
    )


CATALOGUE, RETENTION_DAYS = _read()
