"""Another administrator's passkey: what a change of policy needs beside its proposer's own key.

An administrator's passkeys are those of the person linked to them, enrolled as anybody's are. So a second
passkey of the proposer is the proposer again, whichever authenticator it lives in.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from hsm import store
from hsm.acts.approval import Approved
from hsm.acts.row_seals import RowSeals, admin_row
from hsm.database import Database
from hsm.errors import ApprovalRefused
from policies.model import Principal, PrincipalKind

# (evidence, act, now) -> a person's approval by passkey. Raises ApprovalRefused.
VerifyPasskey = Callable[[str, bytes, datetime], Approved]


class AdministratorPasskeys:
    """Whose approval a passkey's is. Thread-safe."""

    def __init__(self, database: Database, seals: RowSeals, verify: VerifyPasskey) -> None:
        self._database = database
        self._seals = seals
        self._verify = verify

    def verify(self, evidence: str, act_bytes: bytes, now: datetime) -> Approved:
        """The administrator's approval of exactly this act. Raises ApprovalRefused."""
        approved = self._verify(evidence, act_bytes, now)
        with self._database.reading() as connection:
            admin = store.find_admin(connection, approved.principal.id, by="person_id")
        if admin is None:
            raise ApprovalRefused("This passkey is no administrator's.", detail=approved.principal.id)
        # The link is sealed with the row: whoever writes the database makes nobody an administrator.
        self._seals.check(admin_row(admin), admin.seal)
        return replace(approved, principal=Principal(PrincipalKind.ADMIN, admin.admin_id))
