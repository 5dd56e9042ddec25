"""Administrative acts: a credential's life and who may approve. Each is approved by two people.

The same eight steps as signing, where step 6 differs: the act is performed once (its digest is
remembered), its intent is journalled before the token is touched, its outcome after.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection

from hsm import store
from hsm.acts import entries
from hsm.acts.act import AdminAct, act_digest, parse_admin_act
from hsm.acts.approval import Approval, Approved, verify_admin_approvals
from hsm.acts.ask_policy import Policy
from hsm.acts.asked import asked
from hsm.acts.canonical import canonical
from hsm.acts.directory import Directory
from hsm.acts.ledger import Change, Ledger
from hsm.acts.second_administrator import AdministratorPasskeys
from hsm.database import Database
from hsm.errors import ActMalformed, ApprovalRefused, GrantRefused, HsmError, PolicyRefused
from policies.model import ActionName, Circumstances, CredentialFacts, Decision, Facts, Question
from policies.office_life import MandateFacts

MAX_LIFETIME = 24 * 3600
CLOCK_LEEWAY = 60
log = structlog.get_logger("hsm")

Result = dict[str, Any]
BY_PERSON = "passkey"


class VerifyConsent(Protocol):
    """Step 2 for a person who approves beside the administrators. Raises ApprovalRefused."""

    def __call__(self, evidence: str, act_bytes: bytes, now: datetime, *, training: bool) -> Approved: ...


def _nobody(_: dict[str, Any]) -> Mapping[str, str]:
    return {}


def _none(_: dict[str, Any]) -> frozenset[str]:
    return frozenset()


def _nothing(_: dict[str, Any]) -> None:
    return


def _no_more(_: Mapping[str, Any]) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Witnessed:
    """An act with what proves that it was approved: (what was verified, its evidence as it came)."""

    act_bytes: bytes
    parameters: dict[str, Any]
    leaf: int
    approved: tuple[tuple[Approved, str], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """How an action is done.

    ``facts`` says what the policy is asked about; ``prepare`` touches the token, after the intent is
    durable, and returns the result and the change of rows that is written with the outcome. Both
    take the act's parameters, which nobody has checked yet, and raise ActMalformed. ``people`` names
    who has a part in the act beside the administrators: the part (holder, receiver …) and the person's
    id; ``absent`` whose part the act says nobody takes, and why. ``tidy`` comes when all is durable,
    with the result: what it leaves undone by a crash is harmless. ``told`` is what the journal says of it
    beside the act's digest: nothing personal.

    ``witnessed`` in place of ``prepare``: an act whose evidence is kept. It needs one administrator's own
    key and the passkey of another.
    """

    facts: Callable[[dict[str, Any]], Facts]
    prepare: Callable[[dict[str, Any], datetime], tuple[Result, Change]]
    people: Callable[[dict[str, Any]], Mapping[str, str]] = _nobody
    absent: Callable[[dict[str, Any]], frozenset[str]] = _none
    tidy: Callable[[Result], None] = _nothing
    told: Callable[[Mapping[str, Any]], dict[str, Any]] = _no_more
    witnessed: Callable[[Witnessed, datetime], tuple[Result, Change]] | None = None


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
        consent: VerifyConsent | None = None,
        administrators: AdministratorPasskeys | None = None,
    ) -> None:
        self._consent = consent
        self._administrators = administrators
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
        of_admins = [approval for approval in approvals if approval.kind != BY_PERSON]
        approved = verify_admin_approvals(of_admins, act_bytes, self._directory)
        if not approved:
            raise PolicyRefused("An administrative act needs approvals.")
        people = operation.people(act.parameters)
        if operation.witnessed:
            consents = self._verify_another(approvals, approved, act_bytes, now)
            approved += consents.values()
        else:
            consents = self._verify_consents(approvals, act_bytes, people, facts, now)
        # 3. Ask the policy; keep the ids of the rules that decided.
        circumstances = Circumstances(
            now=now,
            approval="admin_jws",
            approvers=len(approved),
            parts=frozenset(people),
            consents=frozenset(consents),
            absent=operation.absent(act.parameters),
            act_seconds=act.expires_at - act.issued_at,
        )
        question = Question(approved[0].principal, action, facts, circumstances)
        decision = self._ask(question)
        moment = int(now.timestamp())
        intent = entries.admin_intent(
            now=moment,
            act_digest=digest,
            action=act.action,
            approvers=list(dict.fromkeys(one.evidence_digest for one in (*approved, *consents.values()))),
            rules=decision.rules,
            policy=decision.policy,
            told={"asked": asked(question), **operation.told(act.parameters)},
        )
        # 4, 5. The act is performed once; journal the intent, durable before the token is touched.
        with self._database.reading() as connection:
            if store.was_performed(connection, digest):
                raise GrantRefused("This act was already performed.")
        leaf = self._ledger.enter([intent]).first_index
        try:
            # 6. Touch the token.
            if operation.witnessed:
                evidence = _in_order(approved, approvals)
                witnessed = Witnessed(act_bytes, act.parameters, leaf, evidence)
                result, change = operation.witnessed(witnessed, now)
            else:
                result, change = operation.prepare(act.parameters, now)

            def record(connection: Connection) -> None:
                if store.was_performed(connection, digest):
                    raise GrantRefused("This act was already performed.")
                _with_all(consents.values(), change)(connection)
                store.add_performed(connection, digest, act_bytes, leaf)

            # 7, 8. Journal the outcome with the change of rows, in one transaction.
            outcome = entries.succeeded(now=moment, signatures=[(leaf, canonical(result))])
            self._ledger.enter(outcome, change=record)
        except Exception as error:
            self._ledger.enter_later(entries.failed(now=moment, indexes=[leaf], reason=type(error).__name__))
            raise
        finally:
            self._directory.forget()
        try:
            operation.tidy(result)
        except HsmError as error:
            log.warning("act_not_tidied", action=act.action, error=type(error).__name__, detail=error.detail)
        return result, leaf

    def takes_passkey(self, act_bytes: bytes) -> bool:
        """Whether somebody approves this act by passkey, beside the administrators' keys."""
        act = parse_admin_act(act_bytes)
        _, operation = self._operation(act)
        return operation.witnessed is not None or bool(operation.people(act.parameters))

    def check_part(self, act_bytes: bytes, approval: Approval, *, now: datetime) -> None:
        """Step 2 for one person's passkey, before the act is performed. Raises HsmError.

        Nothing is spent by it: performing checks all of it again, and moves the passkey's counter.
        """
        act = parse_admin_act(act_bytes)
        _check_lifetime(act, now)
        _, operation = self._operation(act)
        if operation.witnessed:
            self._verify_another([approval], (), act_bytes, now)
        else:
            people, facts = operation.people(act.parameters), operation.facts(act.parameters)
            self._verify_consents([approval], act_bytes, people, facts, now)

    def _verify_consents(
        self,
        approvals: Sequence[Approval],
        act_bytes: bytes,
        people: Mapping[str, str],
        facts: Facts,
        now: datetime,
    ) -> dict[str, Approved]:
        """The approvals of people who have a part in the act, by their part."""
        # What says nothing of it is real only where training is refused, and software passkeys with it.
        training = not isinstance(facts, CredentialFacts | MandateFacts) or facts.training
        consents: dict[str, Approved] = {}
        for approval in approvals:
            if approval.kind != BY_PERSON:
                continue
            if self._consent is None:
                raise ApprovalRefused("People's approvals are not accepted here.")
            person = self._consent(approval.evidence, act_bytes, now, training=training)
            parts = {part: person for part, name in people.items() if name == person.principal.id}
            if not parts or consents.keys() & parts.keys():
                raise ApprovalRefused("This person has no part in the act, or approved twice.")
            consents |= parts
        return consents

    def _verify_another(
        self, approvals: Sequence[Approval], proposers: Sequence[Approved], act_bytes: bytes, now: datetime
    ) -> dict[str, Approved]:
        """The passkeys of other administrators than those who approved by their keys."""
        passkeys: list[Approved] = []
        for approval in approvals:
            if approval.kind != BY_PERSON:
                continue
            if self._administrators is None:
                raise ApprovalRefused("Administrators' passkeys are not accepted here.")
            one = self._administrators.verify(approval.evidence, act_bytes, now)
            if any(one.principal == other.principal for other in (*proposers, *passkeys)):
                raise ApprovalRefused("One administrator approved twice.", detail=one.principal.id)
            passkeys.append(one)
        if not passkeys:
            # Said here too: the policy that is asked next may be the one that is to be replaced for it.
            raise PolicyRefused("This act needs the passkey of another administrator.")
        if len(passkeys) > 1:
            raise ApprovalRefused("One other administrator's passkey is enough.")
        return {"administrator": passkeys[0]}

    def _operation(self, act: AdminAct) -> tuple[ActionName, Operation]:
        try:
            action = ActionName(act.action)
            return action, self._operations[action]
        except (ValueError, KeyError) as error:
            raise ActMalformed("There is no such administrative act.", detail=act.action) from error

    def _ask(self, question: Question) -> Decision:
        decision = self._policy.decide(question)
        if not decision.allowed:
            raise PolicyRefused(
                "The policy does not allow this.", rules=decision.rules, detail="; ".join(decision.errors)
            )
        return decision


def _in_order(
    approved: Sequence[Approved], approvals: Sequence[Approval]
) -> tuple[tuple[Approved, str], ...]:
    """What was verified, each with the evidence it was verified from."""
    by_digest = {hashlib.sha256(one.evidence.encode()).digest(): one.evidence for one in approvals}
    return tuple((one, by_digest[one.evidence_digest]) for one in approved)


def _with_all(consents: Iterable[Approved], change: Change) -> Change:
    # One person may have two parts; their passkey's counter moves once.
    for consent in {consent.evidence_digest: consent for consent in consents}.values():
        change = consent.bind(change)
    return change


def _check_lifetime(act: AdminAct, now: datetime) -> None:
    moment = now.timestamp()
    if act.issued_at > moment + CLOCK_LEEWAY or act.expires_at - act.issued_at > MAX_LIFETIME:
        raise ActMalformed("The act's times are wrong: it may live for a day, from now.")
    if act.expires_at <= moment:
        raise GrantRefused("The act has expired.")
