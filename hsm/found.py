"""What the ceremony lays down in the store: seals on what was there before, and the first policy.

Both happen once. A seal says that the token vouches for a row, so rows are sealed as they are found only
when the sealing key is made, in front of those who hold the ceremony; later a row without a seal is a row
that somebody else wrote.
"""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import rfc8785
from sqlalchemy import update

from hsm import policy_store, store
from hsm.acts.policy_evidence import version_row
from hsm.acts.row_seals import RowSeals, admin_row, client_key_row, passkey_row
from hsm.database import Database
from hsm.errors import HsmError
from hsm.people import active_passkeys
from hsm.policy_store import StoredVersion
from hsm.tables import admin, client_key, passkey
from policies import governance
from policies.bundle import bundle_digest, package_directory, parse_bundle, read_texts
from policies.errors import PolicyError


class FoundingRefused(HsmError):
    """What the ceremony's file names can't be laid down."""


def seal_what_is_there(database: Database, seals: RowSeals) -> int:
    """Seal every active approval key; how many. Only when the sealing key was made just now."""
    with database.writing() as connection:
        administrators, clients = store.active_admins(connection), store.active_client_keys(connection)
        rows = [
            *((admin.c.admin_id, one.admin_id, admin_row(one)) for one in administrators),
            *((client_key.c.kid, one.kid, client_key_row(one)) for one in clients),
            *((passkey.c.credential_id, one.credential_id, passkey_row(one))
              for one in active_passkeys(connection)),
        ]  # fmt: skip
        for key, value, row in rows:
            connection.execute(update(key.table).where(key == value).values(seal=seals.seal(row)))
    return len(rows)


def found_policy(
    database: Database, seals: RowSeals, directory: Path | None, sha256: str | None, *, now: datetime
) -> tuple[str, bool]:
    """Make the first policy that of this directory (the package's own when None); its digest, and whether
    it is new: a store that has a policy keeps it.

    Raises FoundingRefused when it has not the digest that the ceremony's file names, or can't govern.
    """
    with database.reading() as connection:
        known = policy_store.find_versions(connection)
    if known:
        return known[-1].bundle, False
    try:
        files = read_texts(directory or package_directory())
        digest = bundle_digest(files)
        if sha256 is not None and digest != sha256:
            raise FoundingRefused(f"The policy has the digest {digest}; the ceremony's file names {sha256}.")
        governance.check_governance(parse_bundle(files))
    except PolicyError as error:
        raise FoundingRefused(f"The policy cannot be used: {error}") from error
    moment = int(now.timestamp())
    first = StoredVersion(1, digest, b"", "[]", None, moment)
    sealed = replace(first, seal=seals.seal(version_row(first)))
    with database.writing() as connection:
        policy_store.add_bundle(connection, digest, rfc8785.dumps(files).decode(), moment)
        policy_store.add_version(connection, sealed)
    return digest, True
