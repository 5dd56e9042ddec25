"""Step 3 of signing: from an approved act to the question that the policy is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hsm.acts.act import SignAct
from hsm.acts.approval import Approved
from hsm.acts.asked import asked
from hsm.acts.directory import KnownCredential
from hsm.errors import PolicyRefused
from policies.limits import Limit
from policies.model import ActionName, Circumstances, CredentialFacts, Decision, Question
from policies.office_life import RoleFacts


class Policy(Protocol):
    """What step 3 asks."""

    def decide(self, question: Question) -> Decision: ...
    def facts(self, known: KnownCredential) -> CredentialFacts: ...
    def limits(self, known: KnownCredential, client_id: str) -> tuple[Limit, ...]: ...


@dataclass(frozen=True, slots=True)
class Allowed:
    """The rules that decided, the policy's version, and what the journal says it was asked."""

    rules: tuple[str, ...]
    policy: int
    asked: Mapping[str, Any]


def ask_policy(
    policy: Policy,
    act: SignAct,
    known: KnownCredential,
    approved: Approved,
    role: RoleFacts,
    now: datetime,
) -> Allowed:
    """Ask whether it may happen. Raises PolicyRefused."""
    question = signing_question(policy, act, known, approved, role, now)
    decision = policy.decide(question)
    if not decision.allowed:
        detail = "; ".join(decision.errors)
        raise PolicyRefused("The policy does not allow this.", rules=decision.rules, detail=detail)
    return Allowed(decision.rules, decision.policy, asked(question))


def signing_question(
    policy: Policy,
    act: SignAct,
    known: KnownCredential,
    approved: Approved,
    role: RoleFacts,
    now: datetime,
) -> Question:
    """May this actor, with this proof, use this key for these documents now?"""
    # A mixed act is judged by its weakest content: a bare digest shows the signer nothing, an open item
    # not even that.
    kinds = {item.kind for item in act.items}
    content = next(kind for kind in ("open", "dtbsr", "prepared") if kind in kinds)
    return Question(
        approved.principal,
        ActionName.SIGN,
        policy.facts(known),
        Circumstances(
            now=now,
            approval=approved.kind,
            approvers=1,
            count=len(act.items),
            content=content,
            document_kind=act.document_kind,
            acr=approved.acr,
            act_seconds=act.expires_at - act.issued_at,
            role=role,
        ),
    )
