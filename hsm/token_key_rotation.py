"""Replace a token key without incident: announce → wait → activate → wait → retire → wait → remove.

What may come next is decided here, purely, from the keys of one profile and the time; every step is an act
that two administrators approve. The waits are as long as the slowest copy of the key list:

* a new key signs only when every relying party that keeps the JWKS as long as it may has it;
* the old key stops only when no identity provider's worker still takes it for the current one;
* and it is removed only when nothing that it signed is worth anything any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select

from hsm.acts.moves import ACTIVE, CREATED, SUSPENDED
from hsm.journal.tables import journal_entry
from hsm.store import StoredCredential
from hsm.tables import credential, performed_act

# The identity provider lets its JWKS be kept for 600 s and reads the list anew within 300 s; a minute for
# clocks that differ, and a quarter of an hour for the relying party that reads late.
ANNOUNCE_SECONDS = 600 + 300 + 60 + 900
# Longer than any worker keeps the list.
RETIRE_SECONDS = 300 + 60
# An ID token is a hint at logout for as long as its session lives: a day at most. Then the caches again.
REMOVE_SECONDS = 86400 + ANNOUNCE_SECONDS


@dataclass(frozen=True, slots=True)
class TokenKeyState:
    """One key. ``since``: when it came into this state (Unix seconds)."""

    credential_id: str
    state: str
    created_at: int
    since: int


@dataclass(frozen=True, slots=True)
class Step:
    """``action`` on ``credential_id`` ("" to make a new key), not before ``due_at``. "" for nothing to do."""

    action: str
    credential_id: str
    due_at: int
    why: str


def next_step(keys: Sequence[TokenKeyState], now: int, *, rotate_after: int, emergency: bool) -> Step:
    """``keys``: of one profile, oldest first. ``rotate_after``: seconds that a key signs.

    ``emergency``: a key is no longer trusted. Nothing is waited for, and tokens it signed die with it.
    """
    active = [key for key in keys if key.state == ACTIVE]
    created = [key for key in keys if key.state == CREATED]
    retired = [key for key in keys if key.state == SUSPENDED]
    if emergency:
        announce = retire = remove = rotate_after = 0
    else:
        announce, retire, remove = ANNOUNCE_SECONDS, RETIRE_SECONDS, REMOVE_SECONDS
    if len(active) > 1:
        newest = max(active, key=lambda key: key.created_at)
        return Step("suspend_credential", active[0].credential_id, newest.since + retire, "a newer key signs")
    if created:
        # The first key of all has nobody to wait for, and an emergency waits for nobody.
        due = created[0].created_at + announce if active and announce else now
        return Step("activate_credential", created[0].credential_id, due, "it was announced")
    if not active:
        return Step("create_credential", "", now, "no key signs")
    fresh = Step(
        "create_credential", "", active[0].since + rotate_after, "the current key has signed its time"
    )
    if not retired:
        return fresh
    gone = retired[0]
    old = Step("destroy_credential", gone.credential_id, gone.since + remove, "nothing it signed lives")
    # With both due, what is old goes first, so that an emergency ends with the key that is not trusted.
    return old if old.due_at <= max(fresh.due_at, now) else fresh


def find_token_keys(connection: Connection, profile: str) -> list[TokenKeyState]:
    """The keys of a profile that are not gone, oldest first, with the time of the last act on each."""
    columns = [credential.c[name] for name in StoredCredential.__dataclass_fields__]
    rows = connection.execute(
        select(*columns)
        .where(credential.c.profile == profile, credential.c.state.in_((CREATED, ACTIVE, SUSPENDED)))
        .order_by(credential.c.created_at, credential.c.credential_id)
    ).mappings()
    found = [StoredCredential(**row) for row in rows]
    moved = _last_acts(connection, {each.credential_id for each in found})
    return [
        TokenKeyState(
            each.credential_id,
            each.state,
            each.created_at,
            moved.get(each.credential_id, each.created_at),
        )
        for each in found
    ]


def _last_acts(connection: Connection, credential_ids: set[str]) -> Mapping[str, int]:
    """When each was last acted upon, as the journal has it: nobody's clock or word but the key process's."""
    rows = connection.execute(
        select(performed_act.c.act, journal_entry.c.entry)
        .join(journal_entry, journal_entry.c["index"] == performed_act.c.leaf_index)
        .order_by(performed_act.c.leaf_index)
    )
    moved: dict[str, int] = {}
    for act, entry in rows:
        # An erased act is empty: it was about something else than a key that still lives.
        subject = orjson.loads(act).get("parameters", {}).get("credential_id") if act else None
        if subject in credential_ids:
            moved[subject] = int(orjson.loads(entry)["time"])
    return moved
