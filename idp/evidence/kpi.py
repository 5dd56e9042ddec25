"""The province's indicators, counted from the evidence and from nothing else, so that anybody can again.

Definitions, in this version (they are part of every report):

``transactions``
    Row 1 of the plan: transactions on the provincial portal and the one-stop systems of all tiers that
    were authenticated. Reported by the systems, one reference each (POST /transactions), counted in the
    period in which they took place: *authenticated* when the system says so; a person it names must have
    logged in to it, one it does not name cannot be checked. Everything else that was reported counts
    against it. A token, introspection or userinfo alone is no transaction. A system that reports nothing
    is not in the number: see ``systems``. *tier*: as the system says, empty when it does not.
``persons``
    Row 2: people and enterprises with one seamless identity over all systems. *participating*: entered at
    least one system in the period. *identified*: of them, with an identity of level 01 or 02 (Nghị định
    69/2024/NĐ-CP), which is one record whatever system they enter. *in_two_systems*: entered two or more
    with that one record. *silent_share*: answers to systems for which nobody had to log in again.
``systems``
    Row 14: systems that people entered, or that were given tokens, in the period. ``of``: how many systems
    the province has that serve people and enterprises: a number this service cannot know.

A share is a number from 0 to 1 with four digits, or null when there is nothing to divide by.
"""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from idp.store.evidence_counts import (
    count_logins,
    count_transactions,
    count_unsealed,
    find_systems,
    last_seal,
)

VERSION = 1


def report_kpi(connection: Connection, since: int, until: int, *, systems_total: int = 0) -> dict[str, Any]:
    """The report: plain JSON values. ``since`` (Unix seconds) is included, ``until`` is not."""
    tiers = count_transactions(connection, since, until)
    logins = count_logins(connection, since, until)
    systems = find_systems(connection, since, until)
    reported = sum(each.reported for each in tiers)
    authenticated = sum(each.authenticated for each in tiers)
    seal_id, chained = last_seal(connection)
    return {
        "definitions": VERSION,
        "since": since,
        "until": until,
        "transactions": {
            "reported": reported,
            "authenticated": authenticated,
            "share": _share(authenticated, reported),
            "tiers": [asdict(each) | {"share": _share(each.authenticated, each.reported)} for each in tiers],
        },
        "persons": {
            "participating": logins.persons,
            "identified": logins.identified,
            "share": _share(logins.identified, logins.persons),
            "in_two_systems": logins.in_two_systems,
            "silent_share": _share(logins.silent, logins.answers),
        },
        "systems": {
            "connected": len(systems),
            "clients": list(systems),
            "of": systems_total or None,
            "share": _share(len(systems), systems_total),
        },
        "evidence": {
            "last_seal": seal_id,
            "chained": chained,
            "unsealed": count_unsealed(connection, since, until),
        },
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
