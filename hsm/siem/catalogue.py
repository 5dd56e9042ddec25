"""Every security event there is: its name, severity and fields. Nothing else leaves by this way.

Severity is CEF's, 0 to 10. Fields are digests, ids of systems and keys, names of rules and error
classes: no title, no person's name, no PIN, token or SAD.
"""

from dataclasses import dataclass

COMMON = ("event", "name", "severity", "time", "sequence", "host", "outcome")
_ACT = ("caller", "credential", "client", "act", "count", "leaf_index")
_REFUSAL = ("error", "rules")


@dataclass(frozen=True, slots=True)
class EventKind:
    """``event`` is the stable id (CEF's signature id, syslog's MSGID); ``outcome``: success or failure."""

    event: str
    name: str
    severity: int
    outcome: str
    fields: tuple[str, ...]


def _kinds() -> list[EventKind]:
    acts = [
        ("sign", "Signature", 3, _ACT),
        ("authorize", "Signing authorisation", 3, _ACT),
        ("sign_token", "Token signature", 1, ("caller", "kid")),
        ("administration", "Administrative act", 6, ("caller", "action", "act", "count", "leaf_index")),
    ]
    kinds = []
    for act, name, severity, fields in acts:
        kinds += [
            EventKind(f"{act}.done", f"{name} done", severity, "success", fields),
            EventKind(
                f"{act}.refused", f"{name} refused", max(6, severity + 1), "failure", fields + _REFUSAL
            ),
            # Forged, replayed or foreign approvals: somebody is trying.
            EventKind(f"{act}.attacked", f"{name} refused: approval", 8, "failure", fields + _REFUSAL),
            EventKind(f"{act}.failed", f"{name} failed", 7, "failure", fields + _REFUSAL),
        ]
    return [
        *kinds,
        EventKind("process.started", "Key process started", 5, "success", ("journal_size",)),
        EventKind("process.stopped", "Key process stopped", 5, "success", ("journal_size",)),
        EventKind("process.start_refused", "Key process refused to start", 10, "failure", ("error",)),
        EventKind("policy.in_force", "Policy in force", 6, "success", ("version", "bundle")),
        EventKind("policy.not_approved", "Policy that nobody approved", 10, "failure", ("version", "error")),
        EventKind("token.sick", "Token does not sign", 9, "failure", ("error",)),
        EventKind("token.recovered", "Token signs again", 4, "success", ()),
        EventKind("journal.alarm", "Journal damaged or rolled back", 10, "failure", ("task", "error")),
        EventKind("task.failed", "Background task failed", 6, "failure", ("task", "error")),
        EventKind("task.recovered", "Background task works again", 3, "success", ("task", "error")),
        EventKind("events.dropped", "Events were dropped", 7, "failure", ("count",)),
    ]


CATALOGUE: dict[str, EventKind] = {kind.event: kind for kind in _kinds()}
