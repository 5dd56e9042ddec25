"""Step 3's side of typed operations: in which capacity one signs, and after what.

What the key process knows of the earlier signature is in its own journal: that a leaf exists, what was
signed, whether it was, in which operation and office, by which credential; and a leaf with an operation is
there only because post or mandate were checked when it was written. What it can't know is whether the
bytes now to be signed continue those: digests don't tell. That is checked over the bytes by ``signsvc``,
and by the approving client, which recomputes the earlier digest from its own file.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import orjson
from sqlalchemy import Connection

from hsm import roles
from hsm.acts.act import ActItem, SignAct
from hsm.acts.directory import KnownCredential
from hsm.acts.ledger import Ledger
from hsm.acts.office_operation import Earlier, OfficeOperation
from hsm.database import Database
from hsm.journal.uses import Use, Uses
from policies.model import PrincipalKind
from policies.office_life import NO_OPERATION, RoleFacts


class Standing:
    """What a rule may know of an act's operation. Thread-safe."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._uses = Uses(database)

    def facts(self, act: SignAct, known: KnownCredential, now: datetime) -> RoleFacts:
        """All a rule may know of the act's operation. Raises StoreUnavailable, JournalError."""
        operation = act.operation
        if operation is None:
            return NO_OPERATION
        earlier = self._earlier(act.items, operation.office)
        with self._database.reading() as connection:
            held = held_facts(connection, operation, act.document_kind, known, now)
        return replace(
            held,
            earlier=frozenset(state for state, _, _ in earlier),
            earlier_operations=frozenset(name for _, name, _ in earlier if name),
            earlier_elsewhere=any(elsewhere for _, _, elsewhere in earlier),
        )

    def _earlier(self, items: Iterable[ActItem], office: str) -> list[tuple[str, str, bool]]:
        """(state, operation, in another office) of what each item comes after."""
        overs = [item.over for item in items]
        leaves = sorted({over.leaf_index for over in overs if over})
        uses = self._find(leaves)
        return [_earlier_of(over, uses.get(over.leaf_index), office) if over else ("none", "", False)
                for over in overs]  # fmt: skip

    def _find(self, leaves: Sequence[int]) -> dict[int, Use]:
        uses = self._uses.at(leaves)
        if any(use.outcome == "open" for use in uses.values()):
            # An outcome is written without being waited for; what was handed in first is durable first.
            self._ledger.enter([])
            uses = self._uses.at(leaves)
        return uses


def held_facts(
    connection: Connection,
    operation: OfficeOperation,
    document_kind: str,
    known: KnownCredential,
    now: datetime,
) -> RoleFacts:
    """In which capacity an operation would be done with this key, whatever it comes after."""
    office = roles.find_office(connection, operation.office)
    standing, mandate, ground = _held(connection, document_kind, operation, known, int(now.timestamp()))
    return RoleFacts(
        operation=operation.name,
        office=operation.office,
        office_active=office is not None and office.state == "active",
        office_training=bool(office and office.training),
        capacity=operation.capacity,
        standing=standing,
        mandate=mandate,
        ground=ground,
    )


def journalled(role: RoleFacts) -> dict[str, str]:
    """What a leaf says of it: which office, in which capacity, by which post or mandate; no person."""
    if not role.operation:
        return {}
    held = {"capacity": role.capacity, role.standing: role.ground} if role.capacity else {}
    return {"name": role.operation, "office": role.office, **held}


def _earlier_of(over: Earlier, use: Use | None, office: str) -> tuple[str, str, bool]:
    if use is None:
        return "unknown", "", False
    intent = orjson.loads(use.entry)
    if intent.get("digest") != base64.b64encode(over.digest).decode() or intent.get("kind") != "prepared":
        return "digest", "", False
    if "operation" not in intent:
        # A plain signature is nobody's in an office: nothing rests on it.
        return use.outcome, "plain", False
    return use.outcome, intent["operation"]["name"], intent["operation"]["office"] != office


def _held(
    connection: Connection, document_kind: str, operation: OfficeOperation, known: KnownCredential, at: int
) -> tuple[str, str, str]:
    """(standing, how it stands with the mandate, id of post or mandate) of a personal credential's holder."""
    stored = known.stored
    if stored.holder_kind != PrincipalKind.PERSON:
        return "", "", ""
    posts = [
        post for post in roles.posts_of(connection, stored.holder, at) if post.office_id == operation.office
    ]
    if operation.capacity and not operation.mandate:
        for post in posts:
            # In one's own right one signs as the head; initials and comments as whatever one is.
            if post.capacity == operation.capacity and (post.rank == "head" or operation.name != "sign"):
                return "post", "", post.post_id
    if operation.capacity:
        use = (operation.name, document_kind)
        found = [
            (roles.mandate_state(connection, one, at, use), one.mandate_id)
            for one in roles.mandates_to(connection, stored.holder, operation.office)
            if one.capacity == operation.capacity and operation.mandate in ("", one.mandate_id)
        ]
        if found:
            # One that holds, else the newest: its refusal is the one to tell.
            state, mandate_id = next((one for one in found if one[0] == "valid"), found[0])
            return "mandate", state, mandate_id
    if posts:
        return "member", "", posts[0].post_id
    return ("member", "", "") if stored.office == operation.office else ("", "", "")
