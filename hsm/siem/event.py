"""One event, as a JSON line and as CEF in a syslog message (RFC 5424)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from hsm.siem.catalogue import CATALOGUE, COMMON

PRODUCT_VERSION = "0.1.0"
_LOG_AUDIT = 13  # RFC 5424 §6.2.1
_UNSAFE = re.compile(r"[^A-Za-z0-9._:@/+=-]")
MAX_TEXT = 200
Value = str | int | list[str]

# Where CEF has a field of its own for ours; the rest are custom strings with labels.
_CEF_KEYS = {
    "outcome": "outcome", "error": "reason", "leaf_index": "externalId", "count": "cnt", "host": "dvchost",
}  # fmt: skip
_CEF_CUSTOM = {
    "credential": "cs1", "client": "cs2", "act": "cs3", "rules": "cs4", "caller": "cs5", "kid": "cs6",
    "action": "cs6", "task": "cs6", "sequence": "cn1", "journal_size": "cn2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """``fields`` has those that the catalogue allows, cleaned: ids of at most 200 harmless characters."""

    event: str
    fields: dict[str, Value]

    def json_line(self) -> bytes:
        return orjson.dumps(self.fields) + b"\n"

    def cef(self) -> str:
        """ArcSight CEF version 0."""
        kind = CATALOGUE[self.event]
        head = ["CEF:0", "An Tin", "key process", PRODUCT_VERSION, kind.event, kind.name, str(kind.severity)]
        moment = datetime.fromisoformat(str(self.fields["time"]))
        pairs = [("rt", str(int(moment.timestamp() * 1000)))]
        for name, value in self.fields.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            if name in _CEF_KEYS:
                pairs.append((_CEF_KEYS[name], text))
            elif name in _CEF_CUSTOM:
                pairs += [(_CEF_CUSTOM[name], text), (f"{_CEF_CUSTOM[name]}Label", name)]
        header = "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in head)
        return header + "|" + " ".join(f"{key}={_escape(text)}" for key, text in pairs)

    def syslog(self, process_id: int) -> bytes:
        """RFC 5424: header, no structured data, the CEF as message."""
        severity = CATALOGUE[self.event].severity
        # CEF 0–3 informational, 4–6 notice, 7–8 warning, 9–10 critical.
        level = 6 if severity < 4 else 5 if severity < 7 else 4 if severity < 9 else 2
        host = self.fields["host"] or "-"
        head = (
            f"<{_LOG_AUDIT * 8 + level}>1 {self.fields['time']} {host} antin-hsm {process_id} {self.event} -"
        )
        return f"{head} {self.cef()}".encode()


def make_event(event: str, given: dict[str, object], *, now: datetime, sequence: int, host: str) -> Event:
    """The event with the given fields. Raises KeyError for an event or a field not in the catalogue."""
    kind = CATALOGUE[event]
    fields: dict[str, Value] = {
        "event": event,
        "name": kind.name,
        "severity": kind.severity,
        "time": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "sequence": sequence,
        "host": _clean(host),
        "outcome": kind.outcome,
    }
    for name, value in given.items():
        if name not in kind.fields or name in COMMON:
            raise KeyError(name)
        fields[name] = _value(value)
    return Event(event, fields)


def _value(value: object) -> Value:
    if isinstance(value, int):
        return value
    if isinstance(value, list | tuple):
        return [_clean(str(one)) for one in value[:20]]
    return _clean(str(value))


def _clean(text: str) -> str:
    """What a refused request says is hostile: no line breaks, no control characters, no megabytes."""
    return _UNSAFE.sub("?", text[:MAX_TEXT])


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=").replace("\n", " ")
