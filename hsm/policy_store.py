"""The key process's SQL for policies: bundles by their digest, and the versions that came into force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, insert, select, update

from hsm.policy_tables import policy_bundle, policy_version

MOST_DRAFTS = 200


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A row of ``policy_version``. ``approvals``: JSON, as sealed; ``act``: empty for the ceremony's."""

    version: int
    bundle: str
    act: bytes
    approvals: str
    leaf_index: int | None
    activated_at: int
    seal: bytes = b""


def add_bundle(connection: Connection, digest: str, files: str, now: int) -> bool:
    """False when it is there already, or when there is no room for another draft."""
    if connection.execute(select(policy_bundle.c.digest).where(policy_bundle.c.digest == digest)).first():
        return False
    connection.execute(insert(policy_bundle).values(digest=digest, files=files, stored_at=now))
    # Drafts that came to nothing make room, oldest first; what was in force is kept for ever.
    used = select(policy_version.c.bundle)
    drafts = (
        select(policy_bundle.c.digest)
        .where(policy_bundle.c.digest.not_in(used))
        .order_by(policy_bundle.c.stored_at.desc(), policy_bundle.c.digest)
        .offset(MOST_DRAFTS)
        .limit(1_000)
    )
    old = list(connection.execute(drafts).scalars())
    if old:
        connection.execute(delete(policy_bundle).where(policy_bundle.c.digest.in_(old)))
    return True


def find_files(connection: Connection, digest: str) -> Mapping[str, Any] | None:
    """A bundle's files as they are stored: whether they have this digest, the reader checks."""
    query = select(policy_bundle.c.files).where(policy_bundle.c.digest == digest)
    row = connection.execute(query).first()
    return orjson.loads(row.files) if row else None


def newest_version(connection: Connection) -> int:
    """The highest number there is, whoever wrote it; 0: none."""
    return int(connection.execute(select(func.coalesce(func.max(policy_version.c.version), 0))).scalar_one())


def find_versions(connection: Connection, *, above: int = 0) -> Sequence[StoredVersion]:
    """Those above a number, newest first, unchecked."""
    query = (
        select(policy_version)
        .where(policy_version.c.version > above)
        .order_by(policy_version.c.version.desc())
    )
    return [StoredVersion(**row) for row in connection.execute(query).mappings()]


def add_version(connection: Connection, stored: StoredVersion) -> None:
    connection.execute(
        insert(policy_version).values({name: getattr(stored, name) for name in StoredVersion.__slots__})
    )


def note_leaf(connection: Connection, version: int, leaf_index: int) -> None:
    """Where the ceremony's own version stands in the journal."""
    connection.execute(
        update(policy_version)
        .where(policy_version.c.version == version, policy_version.c.leaf_index.is_(None))
        .values(leaf_index=leaf_index)
    )
