"""Grants: what a redeemed approval becomes, and the only thing that lets a key sign.

One row per authorised digest, AUTHORIZED -> RESERVED -> USED. Rows are reserved all or none, in the
transaction that makes the journal's intents durable; whatever raises here leaves nothing behind in
it. A grant is bound to its act, and through it to credential, client, algorithm, digests and
expiry; the wire sees an opaque handle, the SAD.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Dialect,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from hsm.acts.approval import Approved
from hsm.compiled import Compiled, PerDialect
from hsm.errors import GrantRefused
from hsm.tables import grant, grant_item, spent_token
from policies.model import Principal, PrincipalKind

SPENT = "This approval was already used."


@dataclass(frozen=True, slots=True)
class GrantRow:
    """What is remembered of a redeemed approval."""

    act_digest: bytes
    act: bytes
    client_id: str
    credential_id: str
    approved: Approved
    rules: tuple[str, ...]
    policy: int
    asked: Mapping[str, Any]
    expires_at: int


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant found by its SAD, and what was approved of it when it was made."""

    act_digest: bytes
    act: bytes
    approved: Approved
    expires_at: int


def new_sad() -> str:
    """An opaque handle of 256 bits, base64url."""
    return secrets.token_urlsafe(32)


def sad_digest(sad: str) -> bytes:
    """Only the digest is stored: whoever reads the database holds no SAD."""
    return hashlib.sha256(sad.encode()).digest()


def authorize(connection: Connection, row: GrantRow, sad: str, sources: Sequence[bytes]) -> None:
    """Write the grant with an item AUTHORIZED for each of ``sources`` (the act's items, in order).

    Raises GrantRefused when the act, or its access token for one of these files, was used before.
    """
    with connection.begin_nested():
        if not _insert_grant(connection, row, sad_digest(sad)):
            raise GrantRefused(SPENT, reason="spent", detail="act digest exists")
        _spend_token(connection, row, sources)
        _insert_items(connection, row.act_digest, range(len(sources)), "AUTHORIZED")


def reserve_new(
    connection: Connection, row: GrantRow, positions: Sequence[int], sources: Sequence[bytes]
) -> None:
    """Write a grant with its items already RESERVED: approval and use in one call.

    When the same act came before and was released (the token failed, nothing left), its rows are
    reserved again. Raises GrantRefused.
    """
    if not row.approved.token_id and _insert_grant(connection, row, None):
        _insert_items(connection, row.act_digest, positions, "RESERVED")
        return
    with connection.begin_nested():
        if row.approved.token_id and _insert_grant(connection, row, None):
            _insert_items(connection, row.act_digest, positions, "RESERVED")
        else:
            _reserve(connection, row.act_digest, positions)
        _spend_token(connection, row, sources)


def reserve(connection: Connection, act_digest: bytes, positions: Sequence[int]) -> None:
    """AUTHORIZED -> RESERVED for all of ``positions``; raises GrantRefused when any is not AUTHORIZED."""
    with connection.begin_nested():
        _reserve(connection, act_digest, positions)


def _reserve(connection: Connection, act_digest: bytes, positions: Sequence[int]) -> None:
    # Some rows may have moved when this raises: only inside a savepoint.
    moved = 0
    for chunk in _chunks(positions):
        moved += connection.execute(
            update(grant_item)
            .where(
                grant_item.c.act_digest == act_digest,
                grant_item.c.position.in_(chunk),
                grant_item.c.state == "AUTHORIZED",
            )
            .values(state="RESERVED")
        ).rowcount
    if moved != len(positions):
        raise GrantRefused(SPENT, reason="spent", detail=f"{moved} of {len(positions)} rows were free")


def use(connection: Connection, act_digest: bytes, leaves: Sequence[tuple[int, int]]) -> None:
    """RESERVED -> USED; ``leaves`` are (position, leaf index)."""
    rows = [{"of_act": act_digest, "at": position, "leaf": leaf} for position, leaf in leaves]
    _statements(connection).use_items.execute(connection, rows)


def release(connection: Connection, act_digest: bytes, positions: Sequence[int]) -> None:
    """RESERVED -> AUTHORIZED, only when no signature has left: the approval can be used again."""
    for chunk in _chunks(positions):
        connection.execute(
            update(grant_item)
            .where(
                grant_item.c.act_digest == act_digest,
                grant_item.c.position.in_(chunk),
                grant_item.c.state == "RESERVED",
            )
            .values(state="AUTHORIZED")
        )
    connection.execute(delete(spent_token).where(spent_token.c.act_digest == act_digest))


def abandon_reserved(connection: Connection) -> None:
    """At start: what a dead process had reserved may have been signed, so it is never free again."""
    connection.execute(update(grant_item).where(grant_item.c.state == "RESERVED").values(state="UNRESOLVED"))


def is_known(connection: Connection, act_digest: bytes) -> bool:
    """Whether this act was approved before."""
    return (
        connection.execute(select(grant.c.act_digest).where(grant.c.act_digest == act_digest)).first()
        is not None
    )


def find_grant(connection: Connection, sad: str) -> StoredGrant | None:
    row = connection.execute(select(grant).where(grant.c.sad_digest == sad_digest(sad))).first()
    # A row from before approvers were remembered is no grant: nobody can say whose approval it was.
    if row is None or not row.approver_kind:
        return None
    principal = Principal(PrincipalKind(row.approver_kind), row.approver)
    approved = Approved(row.approval_kind, principal, row.approval_digest, acr=row.acr)
    return StoredGrant(row.act_digest, row.act, approved, row.expires_at)


def free_positions(connection: Connection, act_digest: bytes) -> list[int]:
    """The positions of the act's items that may still be signed, in order."""
    query = (
        select(grant_item.c.position)
        .where(grant_item.c.act_digest == act_digest, grant_item.c.state == "AUTHORIZED")
        .order_by(grant_item.c.position)
    )
    return list(connection.execute(query).scalars())


def replace_sad(connection: Connection, act_digest: bytes, old: str, new: str) -> None:
    """The old SAD ends. Raises GrantRefused when it ended before."""
    replaced = connection.execute(
        update(grant)
        .where(grant.c.act_digest == act_digest, grant.c.sad_digest == sad_digest(old))
        .values(sad_digest=sad_digest(new))
    )
    if replaced.rowcount != 1:
        raise GrantRefused("The SAD is not known.", reason="unknown", detail="replaced by another call")


class _Statements:
    """What every signature runs, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        insert_or_not = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
        self.insert_grant = Compiled(insert_or_not(grant).on_conflict_do_nothing(), dialect)
        self.insert_items = Compiled(
            insert(grant_item).values(
                {name: bindparam(name) for name in ("act_digest", "position", "state")}
            ),
            dialect,
        )
        self.use_items = Compiled(
            update(grant_item)
            .where(grant_item.c.act_digest == bindparam("of_act"), grant_item.c.position == bindparam("at"))
            .values(state=literal_column("'USED'"), leaf_index=bindparam("leaf")),
            dialect,
        )


_statements = PerDialect(_Statements)


def _insert_grant(connection: Connection, row: GrantRow, sad: bytes | None) -> bool:
    values = {
        "act_digest": row.act_digest,
        "sad_digest": sad,
        "act": row.act,
        "client_id": row.client_id,
        "credential_id": row.credential_id,
        "approval_kind": row.approved.kind,
        "approval_digest": row.approved.evidence_digest,
        # For a SAD alone: what is used at once is never asked about again.
        "approver_kind": row.approved.principal.kind if sad else "",
        "approver": row.approved.principal.id if sad else "",
        "acr": row.approved.acr if sad else "",
        "rules": " ".join(row.rules),
        "policy_version": row.policy,
        "asked": orjson.dumps(row.asked).decode(),
        "expires_at": row.expires_at,
    }
    return _statements(connection).insert_grant.execute(connection, [values]) == 1


def _spend_token(connection: Connection, row: GrantRow, sources: Sequence[bytes]) -> None:
    """An access token authorises each document once, whatever act it comes in."""
    if not row.approved.token_id:
        return
    insert_or_not = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    for source in sources:
        written = connection.execute(
            insert_or_not(spent_token)
            .values(
                jti=row.approved.token_id,
                source=source,
                act_digest=row.act_digest,
                expires_at=row.approved.token_expires_at,
            )
            .on_conflict_do_nothing()
            .returning(spent_token.c.source)
        )
        if written.first() is None:
            raise GrantRefused("This access token was already used for this document.", detail="jti, source")


def _insert_items(connection: Connection, act_digest: bytes, positions: Sequence[int], state: str) -> None:
    rows = [{"act_digest": act_digest, "position": position, "state": state} for position in positions]
    _statements(connection).insert_items.execute(connection, rows)


def _chunks(positions: Sequence[int], size: int = 500) -> list[Sequence[int]]:
    return [positions[start : start + size] for start in range(0, len(positions), size)]
