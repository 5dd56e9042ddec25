"""``pin_otp``: a person approves by PIN and one-time password, both checked here.

Weaker than a passkey in one way that no check can mend: neither is bound to the act's bytes, so whoever
carries them can put them under another act of that moment. Key profiles that list it accept that.

Tries are counted durably BEFORE they are made: five, then two administrators must unlock. A crash, a
full disk or a hundred threads never give a sixth.
"""

import hashlib
from datetime import datetime

import orjson
from sqlalchemy import Connection

from hsm import people
from hsm.acts import entries
from hsm.acts.act import SignAct, act_digest
from hsm.acts.approval import Approved
from hsm.acts.directory import KnownCredential
from hsm.acts.factors import Sealer, open_factor
from hsm.acts.ledger import Ledger
from hsm.database import Database
from hsm.errors import ApprovalRefused
from hsm.people import StoredFactor
from policies.model import Principal, PrincipalKind

MAX_ATTEMPTS = 5
MAX_EVIDENCE = 512
# One answer for whatever is wrong: which of the two, or that it is locked, is told by nobody.
REFUSAL = "The PIN and one-time password were refused, or are locked."


class PinOtp:
    """Verifies the evidence ``{"pin": …, "otp": …}`` (JSON). Thread-safe."""

    def __init__(self, database: Database, ledger: Ledger, sealer: Sealer) -> None:
        self._database = database
        self._ledger = ledger
        self._sealer = sealer

    def verify(
        self, evidence: str, act: SignAct, act_bytes: bytes, known: KnownCredential, now: datetime
    ) -> Approved:
        """Check PIN and one-time password of the credential's holder. Raises ApprovalRefused, TokenError."""
        pin, otp = _parse(evidence)
        if known.stored.holder_kind != PrincipalKind.PERSON:
            raise _refused("the credential is not a person's")
        factor = self._get_factor(known.stored.holder)
        # Opened first: a token that is away must cost nobody a try.
        opened = open_factor(self._sealer, factor.key_label, factor.sealed, factor.person_id)
        digest = act_digest(act_bytes)
        self._count(factor.person_id, digest, now)
        # Both are always looked at, so that the time tells nothing.
        right, step = opened.matches(pin), opened.find_step(otp, now)
        if not right or step is None:
            raise _refused("one-time password" if right else "PIN")
        self._accept(factor, step)
        return Approved(
            "pin_otp",
            Principal(PrincipalKind.PERSON, factor.person_id),
            # A digest of the evidence would let the journal's readers try PINs; the act's own is random.
            hashlib.sha256(b"pin_otp" + digest).digest(),
            acr="aal2",
        )

    def _get_factor(self, person_id: str) -> StoredFactor:
        with self._database.reading() as connection:
            found = people.find_factor(connection, person_id)
        if found is None or found.person_state != "active":
            raise _refused("no factor, or no active person")
        return found

    def _count(self, person_id: str, digest: bytes, now: datetime) -> None:
        def count(connection: Connection) -> None:
            if not people.count_attempt(connection, person_id, MAX_ATTEMPTS):
                raise _refused("locked")

        attempt = entries.attempt(now=int(now.timestamp()), act_digest=digest, approval_kind="pin_otp")
        self._ledger.enter([attempt], change=count)

    def _accept(self, factor: StoredFactor, step: int) -> None:
        def accept(connection: Connection) -> None:
            if not people.accept_step(connection, factor.person_id, factor.sealed, step):
                raise _refused("the one-time password was used before")

        self._ledger.enter([], change=accept)


def _parse(evidence: str) -> tuple[str, str]:
    try:
        fields = orjson.loads(evidence) if len(evidence) <= MAX_EVIDENCE else None
    except ValueError:
        fields = None
    match fields:
        case {"pin": str(pin), "otp": str(otp), **other} if not other and otp.isascii():
            return pin, otp
        case _:
            # ``from None``: a parser's error may quote what it could not read.
            raise _refused("evidence malformed") from None


def _refused(detail: str) -> ApprovalRefused:
    return ApprovalRefused(REFUSAL, detail=detail)
