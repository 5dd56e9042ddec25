"""Ask a person for their part in an administrative act, by a link to the approval page.

The page only carries: which act a link is of, and whether what the authenticator answered is an approval of
it, is known and checked here. What is given is checked once more when the act is performed: a row that
somebody wrote into the database approves nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update

from hsm.acts.act import parse_admin_act
from hsm.acts.approval import Approval
from hsm.acts.enrol_people import INVITATION, EnrolPeople
from hsm.acts.keys import BY_PERSON, Administration
from hsm.database import Database
from hsm.errors import ActMalformed, GrantRefused
from hsm.tables import consent

MAX_SECONDS = 3600
MAX_EVIDENCE = 64 * 1024
_OVER = "This link was used, has expired, or never was."


@dataclass(frozen=True, slots=True)
class Asked:
    """``enrols``: an invitation, which a new passkey answers; else an assertion approves it."""

    act: bytes
    expires_at: int
    evidence: str
    enrols: bool


class Consents:
    """Raises HsmError. Thread-safe."""

    def __init__(self, database: Database, administration: Administration, enrol: EnrolPeople) -> None:
        self._database = database
        self._administration = administration
        self._enrol = enrol

    def ask(self, act: bytes, seconds: int, *, now: datetime) -> tuple[str, int]:
        """The link's secret, and when it ends. Raises ActMalformed when no passkey has a part in the act."""
        parsed = parse_admin_act(act)
        if parsed.action == INVITATION:
            self._enrol.check_invited(act.decode(), now)
        elif not self._administration.takes_passkey(act):
            raise ActMalformed("Nobody's passkey has a part in this act.")
        moment = int(now.timestamp())
        expires_at = min(moment + max(1, min(seconds, MAX_SECONDS)), parsed.expires_at)
        if expires_at <= moment:
            raise GrantRefused("The act has expired.")
        handle = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            connection.execute(delete(consent).where(consent.c.expires_at <= moment))
            row = {"handle_digest": _digest(handle), "act": act, "expires_at": expires_at}
            connection.execute(insert(consent).values(row))
        return handle, expires_at

    def find(self, handle: str, *, now: datetime) -> Asked:
        """Raises GrantRefused."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(consent).where(
                    consent.c.handle_digest == _digest(handle), consent.c.expires_at > int(now.timestamp())
                )
            ).first()
        if row is None:
            raise GrantRefused(_OVER, reason="expired")
        act = bytes(row.act)
        evidence = bytes(row.evidence or b"").decode()
        return Asked(act, row.expires_at, evidence, parse_admin_act(act).action == INVITATION)

    def give(self, handle: str, evidence: str, *, now: datetime) -> None:
        """Keep what the person gave, once. Raises ApprovalRefused, ActMalformed, GrantRefused."""
        asked = self.find(handle, now=now)
        if len(evidence) > MAX_EVIDENCE:
            raise ActMalformed("The answer is too large.")
        if asked.enrols:
            self._enrol.check_registration(asked.act.decode(), _object(evidence), now)
        else:
            self._administration.check_part(asked.act, Approval(BY_PERSON, evidence), now=now)
        with self._database.writing() as connection:
            kept = connection.execute(
                update(consent)
                .where(consent.c.handle_digest == _digest(handle), consent.c.evidence.is_(None))
                .values(evidence=evidence.encode())
            ).rowcount
        if kept != 1:
            raise GrantRefused(_OVER, reason="spent")


def _object(evidence: str) -> dict[str, Any]:
    try:
        read = orjson.loads(evidence)
    except ValueError as error:
        raise ActMalformed("The answer is not JSON.") from error
    if not isinstance(read, dict):
        raise ActMalformed("The answer is not an object.")
    return read


def _digest(handle: str) -> bytes:
    return hashlib.sha256(b"consent " + handle.encode()).digest()
