"""Administrative acts: a credential's life and who may approve. Each is approved by two people.

The same eight steps as signing, where step 6 differs: the act is performed once (its digest is
remembered), its intent is journalled before the token is touched, its outcome after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hsm import store
from hsm.acts import entries
from hsm.acts.act import AdminAct, act_digest, parse_admin_act
from hsm.acts.approval import Approval, Approved, verify_admin_approvals
from hsm.acts.canonical import canonical
from hsm.acts.directory import Directory
from hsm.acts.ledger import Change, Ledger
from hsm.acts.sign import Policy
from hsm.database import Database
from hsm.errors import ActMalformed, GrantRefused, PolicyRefused
from policies.model import ActionName, Circumstances, Facts, Question

MAX_LIFETIME = 24 * 3600
CLOCK_LEEWAY = 60

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """How an action is done.

    ``facts`` says what the policy is asked about; ``prepare`` touches the token, after the intent is
    durable, and returns the result and the change of rows that is written with the outcome. Both
    take the act's parameters, which nobody has checked yet, and raise ActMalformed.
    """

    facts: Callable[[dict[str, Any]], Facts]
    prepare: Callable[[dict[str, Any], datetime], tuple[Result, Change]]


class Administration:
    """Performs administrative acts. Thread-safe."""

    def __init__(
        self,
        *,
        database: Database,
        directory: Directory,
        policy: Policy,
        ledger: Ledger,
        operations: dict[ActionName, Operation],
    ) -> None:
        self._database = database
        self._directory = directory
        self._policy = policy
        self._ledger = ledger
        self._operations = operations

    def perform(
        self, act_bytes: bytes, approvals: Sequence[Approval], *, now: datetime
    ) -> tuple[Result, int]:
        """Do what the act says; its result and the leaf of its intent. Raises HsmError."""
        act = parse_admin_act(act_bytes)
        _check_lifetime(act, now)
        digest = act_digest(act_bytes)
        # 1. Find what the act is about.
        action, operation = self._operation(act)
        facts = operation.facts(act.parameters)
        # 2. Check every approval against the act's digest; one person counts once.
        approved = verify_admin_approvals(approvals, act_bytes, self._directory)
        if not approved:
            raise PolicyRefused("An administrative act needs approvals.")
        # 3. Ask the policy; keep the ids of the rules that decided.
        rules = self._ask(action, act, facts, approved, now)
        moment = int(now.timestamp())
        intent = entries.admin_intent(
            now=moment,
            act_digest=digest,
            action=act.action,
            approvers=[one.evidence_digest for one in approved],
            rules=rules,
        )
        # 4, 5. The act is performed once; journal the intent, durable before the token is touched.
        with self._database.reading() as connection:
            if store.was_performed(connection, digest):
                raise GrantRefused("This act was already performed.")
        leaf = self._ledger.enter([intent]).first_index
        try:
            # 6. Touch the token.
            result, change = operation.prepare(act.parameters, now)

            def record(connection: Connection) -> None:
                if store.was_performed(connection, digest):
                    raise GrantRefused("This act was already performed.")
                change(connection)
                store.add_performed(connection, digest, act_bytes, leaf)

            # 7, 8. Journal the outcome with the change of rows, in one transaction.
            outcome = entries.succeeded(now=moment, signatures=[(leaf, canonical(result))])
            self._ledger.enter(outcome, change=record)
        except Exception as error:
            self._ledger.enter_later(entries.failed(now=moment, indexes=[leaf], reason=type(error).__name__))
            raise
        finally:
            self._directory.forget()
        return result, leaf

    def _operation(self, act: AdminAct) -> tuple[ActionName, Operation]:
        try:
            action = ActionName(act.action)
            return action, self._operations[action]
        except (ValueError, KeyError) as error:
            raise ActMalformed("There is no such administrative act.", detail=act.action) from error

    def _ask(
        self, action: ActionName, act: AdminAct, facts: Facts, approved: Sequence[Approved], now: datetime
    ) -> tuple[str, ...]:
        decision = self._policy.decide(
            Question(
                approved[0].principal,
                action,
                facts,
                Circumstances(
                    now=now,
                    approval="admin_jws",
                    approvers=len(approved),
                    act_seconds=act.expires_at - act.issued_at,
                ),
            )
        )
        if not decision.allowed:
            raise PolicyRefused(
                "The policy does not allow this.", rules=decision.rules, detail="; ".join(decision.errors)
            )
        return decision.rules


def _check_lifetime(act: AdminAct, now: datetime) -> None:
    moment = now.timestamp()
    if act.issued_at > moment + CLOCK_LEEWAY or act.expires_at - act.issued_at > MAX_LIFETIME:
        raise ActMalformed("The act's times are wrong: it may live for a day, from now.")
    if act.expires_at <= moment:
        raise GrantRefused("The act has expired.")
