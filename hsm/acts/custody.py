"""Who has a credential, and whether it may sign at all: moved, handed over, revoked, a leaver cut off."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hsm import life, store
from hsm.acts.credential_life import CredentialLife, text
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.moves import MOVES, check_moved
from hsm.database import Database
from hsm.errors import ActMalformed
from policies.model import ActionName, HolderFacts, PrincipalKind

# RFC 5280 §5.3.1; certificateHold is what suspension is for, removeFromCRL is no reason.
REASONS = frozenset(
    {
        "unspecified",
        "keyCompromise",
        "cACompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "privilegeWithdrawn",
    }
)


class Custody:
    """The operations; parameters stand with each."""

    def __init__(self, life: CredentialLife, database: Database) -> None:
        self._life = life
        self._database = database

    def operations(self) -> dict[ActionName, Operation]:
        facts = self._life.facts
        return {
            ActionName.REVOKE_CREDENTIAL: Operation(facts, self._revoke),
            ActionName.MOVE_CREDENTIAL: Operation(facts, self._move, people=self._holder),
            ActionName.HAND_OVER_SEAL: Operation(
                facts, self._hand_over, people=self._clerks, absent=self._absent_clerk
            ),
            ActionName.SUSPEND_HOLDER: Operation(self._holder_facts, self._suspend_holder),
        }

    def _revoke(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{credential_id, reason}: a word of RFC 5280 §5.3.1. The authority is told by a person."""
        reason = text(parameters, "reason", 32)
        if reason not in REASONS:
            raise ActMalformed(f"reason is one of {', '.join(sorted(REASONS))}.")
        return self._change(
            parameters,
            ActionName.REVOKE_CREDENTIAL,
            state="revoked",
            revoked_at=int(now.timestamp()),
            revocation_reason=reason,
        )

    def _move(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{credential_id, office}: the person works there from now on, and keeps key and certificate."""
        return self._change(parameters, ActionName.MOVE_CREDENTIAL, office=text(parameters, "office", 200))

    def _holder(self, parameters: dict[str, Any]) -> dict[str, str]:
        stored = self._life.known(parameters).stored
        return {"holder": stored.holder} if stored.holder_kind == PrincipalKind.PERSON else {}

    def _hand_over(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{credential_id, receiver, record}, and perhaps absence.

        The clerk's id, the number of the record of hand-over; why the clerk who has it takes no part.
        """
        stored = self._life.known(parameters).stored
        receiver = text(parameters, "receiver", 200)
        text(parameters, "record", 200)  # Decree 30/2020 Art. 32: in writing, with a record
        if receiver == stored.custodian:
            raise ActMalformed("This clerk has the seal already.")
        result, change = self._change(parameters, ActionName.HAND_OVER_SEAL, custodian=receiver)

        def from_whoever_was_named(connection: Connection) -> None:
            # Two hand-overs approved at the same time: the later one is from a clerk who has it no more.
            present = store.find_credential(connection, stored.credential_id)
            if present is None or present.custodian != stored.custodian:
                raise ActMalformed("The seal was handed over to another clerk meanwhile.")
            change(connection)

        return {**result, "from": stored.custodian}, from_whoever_was_named

    def _clerks(self, parameters: dict[str, Any]) -> dict[str, str]:
        custodian = self._life.known(parameters).stored.custodian
        clerks = {"receiver": text(parameters, "receiver", 200)}
        return clerks | ({"custodian": custodian} if custodian else {})

    def _absent_clerk(self, parameters: dict[str, Any]) -> frozenset[str]:
        """Two administrators approved the act with its reason: ill, gone, dead. Raises ActMalformed."""
        if "absence" not in parameters:
            return frozenset()
        text(parameters, "absence", 500)
        if not self._life.known(parameters).stored.custodian:
            raise ActMalformed("Nobody has this seal yet, so nobody is absent: leave absence out.")
        return frozenset({"custodian"})

    def _holder_facts(self, parameters: dict[str, Any]) -> HolderFacts:
        """{holder, holder_kind}: Client or Person."""
        holder, kind = _holder_of(parameters)
        with self._database.reading() as connection:
            return HolderFacts(holder, life.count_active(connection, holder, kind), kind)

    def _suspend_holder(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        holder, kind = _holder_of(parameters)
        before = tuple(MOVES[ActionName.SUSPEND_HOLDER].before)
        with self._database.reading() as connection:
            suspended = life.count_active(connection, holder, kind)
        # What becomes active between this look and the change is suspended as well.
        result: Result = {"holder": holder, "holder_kind": str(kind), "suspended": suspended}
        return result, lambda connection: life.suspend_all(connection, holder, kind, before)

    def _change(
        self, parameters: dict[str, Any], action: ActionName, **changes: object
    ) -> tuple[Result, Change]:
        credential_id = self._life.known(parameters).stored.credential_id
        before = tuple(MOVES[action].before)

        def change(connection: Connection) -> None:
            check_moved(moved=store.change_credential(connection, credential_id, before, **changes))

        return {"credential_id": credential_id, **changes}, change


def _holder_of(parameters: dict[str, Any]) -> tuple[str, PrincipalKind]:
    kind = parameters.get("holder_kind")
    if kind not in (PrincipalKind.CLIENT, PrincipalKind.PERSON):
        raise ActMalformed("holder_kind is Client or Person.")
    return text(parameters, "holder", 200), PrincipalKind(kind)
