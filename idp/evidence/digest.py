"""What a seal says of its events. Pure."""

import hashlib
from collections.abc import Iterable

import orjson

from idp.evidence.event import Event

# The chain's beginning.
GENESIS = "0" * 64


def events_digest(events: Iterable[tuple[int, Event]]) -> str:
    """SHA-256 (hex) over the events in the order of their numbers, each in its one canonical form."""
    digest = hashlib.sha256()
    for event_id, event in events:
        digest.update(hashlib.sha256(_canonical(event_id, event)).digest())
    return digest.hexdigest()


def chained_digest(before: str, *, sealed_at: int, events: int, digest: str) -> str:
    """SHA-256 (hex) over the chain so far and this seal."""
    return hashlib.sha256(f"{before}\n{sealed_at}\n{events}\n{digest}".encode()).hexdigest()


def _canonical(event_id: int, event: Event) -> bytes:
    members = {
        "event_id": event_id,
        "at": event.at,
        "name": event.name,
        "person_id": event.person_id,
        "client_id": event.client_id,
        "session_id": event.session_id,
        "request_id": event.request_id,
        "details": dict(event.details),
    }
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
