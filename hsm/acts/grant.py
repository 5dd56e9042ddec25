"""Grants: what a redeemed approval becomes, and the only thing that lets a key sign.

One row per authorised digest, AUTHORIZED -> RESERVED -> USED. Rows are reserved all or none, in the
transaction that makes the journal's intents durable. A grant is bound to its act, and through it to
credential, client, algorithm, digests and expiry; the wire sees an opaque handle, the SAD.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hsm.acts.approval import Approved
from hsm.errors import GrantRefused
from hsm.tables import grant, grant_item, spent_token

_SPENT = "This approval was already used."


@dataclass(frozen=True, slots=True)
class GrantRow:
    """What is remembered of a redeemed approval."""

    act_digest: bytes
    act: bytes
    client_id: str
    credential_id: str
    approved: Approved
    rules: tuple[str, ...]
    expires_at: int


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant found by its SAD."""

    act_digest: bytes
    act: bytes
    approval_kind: str
    approval_digest: bytes
    rules: tuple[str, ...]
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
    if not _insert_grant(connection, row, sad_digest(sad)):
        raise GrantRefused(_SPENT, detail="act digest exists")
    _spend_token(connection, row, sources)
    connection.execute(insert(grant_item), _items(row.act_digest, range(len(sources)), "AUTHORIZED"))


def reserve_new(
    connection: Connection, row: GrantRow, positions: Sequence[int], sources: Sequence[bytes]
) -> None:
    """Write a grant with its items already RESERVED: approval and use in one call.

    When the same act came before and was released (the token failed, nothing left), its rows are
    reserved again. Raises GrantRefused.
    """
    if _insert_grant(connection, row, None):
        _spend_token(connection, row, sources)
        connection.execute(insert(grant_item), _items(row.act_digest, positions, "RESERVED"))
        return
    reserve(connection, row.act_digest, positions)
    _spend_token(connection, row, sources)


def reserve(connection: Connection, act_digest: bytes, positions: Sequence[int]) -> None:
    """AUTHORIZED -> RESERVED for all of ``positions``; raises GrantRefused when any is not AUTHORIZED.

    The caller rolls back on the exception: some rows may have moved by then.
    """
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
        raise GrantRefused(_SPENT, detail=f"{moved} of {len(positions)} rows were free")


def use(connection: Connection, act_digest: bytes, leaves: Sequence[tuple[int, int]]) -> None:
    """RESERVED -> USED; ``leaves`` are (position, leaf index)."""
    for position, leaf_index in leaves:
        connection.execute(
            update(grant_item)
            .where(grant_item.c.act_digest == act_digest, grant_item.c.position == position)
            .values(state="USED", leaf_index=leaf_index)
        )


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


def find_grant(connection: Connection, sad: str) -> StoredGrant | None:
    row = connection.execute(select(grant).where(grant.c.sad_digest == sad_digest(sad))).first()
    if row is None:
        return None
    rules = tuple(row.rules.split(" ")) if row.rules else ()
    return StoredGrant(row.act_digest, row.act, row.approval_kind, row.approval_digest, rules, row.expires_at)


def count_items(connection: Connection, act_digest: bytes, state: str) -> int:
    query = (
        select(func.count())
        .select_from(grant_item)
        .where(grant_item.c.act_digest == act_digest, grant_item.c.state == state)
    )
    return connection.execute(query).scalar_one()


def _insert_grant(connection: Connection, row: GrantRow, sad: bytes | None) -> bool:
    insert_or_not = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    written = connection.execute(
        insert_or_not(grant)
        .values(
            act_digest=row.act_digest,
            sad_digest=sad,
            act=row.act,
            client_id=row.client_id,
            credential_id=row.credential_id,
            approval_kind=row.approved.kind,
            approval_digest=row.approved.evidence_digest,
            rules=" ".join(row.rules),
            expires_at=row.expires_at,
        )
        .on_conflict_do_nothing()
        .returning(grant.c.act_digest)
    )
    return written.first() is not None


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


def _items(act_digest: bytes, positions: Sequence[int], state: str) -> list[dict[str, object]]:
    return [{"act_digest": act_digest, "position": position, "state": state} for position in positions]


def _chunks(positions: Sequence[int], size: int = 500) -> list[Sequence[int]]:
    return [positions[start : start + size] for start in range(0, len(positions), size)]
