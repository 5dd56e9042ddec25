"""Events and seals as a SOC reads them: JSON lines, and CEF in syslog messages (RFC 5424)."""

from datetime import UTC, datetime
from typing import Any

import orjson

from idp.evidence.catalogue import CATALOGUE
from idp.store.evidence import Recorded
from idp.store.evidence_seals import Seal

PRODUCT_VERSION = "0.1.0"
_LOG_AUDIT = 13  # RFC 5424 §6.2.1
_CEF_IDS = (("person_id", "suid"), ("client_id", "cs1"), ("session_id", "cs2"), ("request_id", "cs3"))


def members_of_event(each: Recorded) -> dict[str, Any]:
    """One JSON object; ``severity`` as in CEF, 0 to 10."""
    kind = CATALOGUE.get(each.event.name)
    return {
        "time": _time(each.event.at),
        "event": each.event.name,
        "name": kind.en if kind else each.event.name,
        "severity": kind.severity if kind else 3,
        "event_id": each.event_id,
        "seal_id": each.seal_id,
        "person_id": each.event.person_id,
        "client_id": each.event.client_id,
        "session_id": each.event.session_id,
        "request_id": each.event.request_id,
        "details": dict(each.event.details),
    }


def members_of_seal(seal: Seal) -> dict[str, Any]:
    """Sent after the events it covers. Kept there, it shows whether the evidence was made anew."""
    return {
        "time": _time(seal.sealed_at),
        "event": "evidence.sealed",
        "name": "Evidence sealed",
        "severity": 1,
        "seal_id": seal.seal_id,
        "details": {"events": seal.events, "digest": seal.digest, "chained": seal.chained},
    }


def json_line(members: dict[str, Any]) -> bytes:
    return orjson.dumps(members) + b"\n"


def syslog_message(members: dict[str, Any], host: str, process_id: int) -> bytes:
    """RFC 5424 without structured data; the message is CEF version 0."""
    severity = int(members["severity"])
    # CEF 0–3 informational, 4–6 notice, 7–8 warning, 9–10 critical.
    level = 6 if severity < 4 else 5 if severity < 7 else 4 if severity < 9 else 2
    priority = _LOG_AUDIT * 8 + level
    head = f"<{priority}>1 {members['time']} {host or '-'} antin-idp {process_id} {members['event']} -"
    return f"{head} {_cef(members, severity)}".encode()


def _cef(members: dict[str, Any], severity: int) -> str:
    head = [
        "CEF:0",
        "An Tin",
        "identity provider",
        PRODUCT_VERSION,
        members["event"],
        members["name"],
        str(severity),
    ]
    moment = datetime.fromisoformat(members["time"])
    pairs = [
        ("rt", str(int(moment.timestamp() * 1000))),
        ("externalId", str(members.get("event_id", ""))),
        ("cn1", str(members["seal_id"])),
        ("cn1Label", "seal_id"),
    ]
    for name, key in _CEF_IDS:
        if members.get(name):
            pairs.append((key, members[name]))
            if key.startswith("cs"):
                pairs.append((f"{key}Label", name))
    pairs.append(("msg", orjson.dumps(members["details"]).decode()))
    header = "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in head)
    return header + "|" + " ".join(f"{key}={_escape(value)}" for key, value in pairs if value)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("=", "\\=").replace("\n", " ").replace("\r", " ")


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
